/** Shapes of the streams' own API. */
import { string } from '../shape/shape.ts'

export const streamArn = string({ min: 37, max: 1024 })
export const shardId = string({ min: 28, max: 65 })
