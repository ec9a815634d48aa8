/** What a test process and the process that holds its cluster say to each other. */
export type InsideOptions = {
  folder: string
  zones: number
  nodesPerZone: number
  nodeGraceSeconds: number
  evictionSeconds: number
}

export type Asked = {
  id: number
  ask: 'crashNode' | 'startNode' | 'crashPod' | 'stop' | 'start' | 'freeze' | 'resume'
  /** A node, a pod's uid, a program of the control plane. */
  of: string
}

/** The socket in the folder that leads inside. */
export const GATEWAY = 'gateway'
