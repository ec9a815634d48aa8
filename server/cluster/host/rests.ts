/** How long a partition on a node rests, in milliseconds, before it asks again what there is to do. */

/** When it broke, before it is led, or opened, again. */
export const REST_MS = 1000
/** The same, when it only came too late. */
export const SHORT_REST_MS = 20
/** Between looks whether one that has stopped can be rebuilt. */
export const REPAIR_MS = 3000
/** Between looks whether other replicas are back. */
export const CHECK_MS = 100
