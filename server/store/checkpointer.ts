/**
 * Checkpoints: SQLite copies its write-ahead log into the file and syncs both. A thread of its own does it, so that no
 * request waits for the disk.
 */
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'

/** A checkpoint, or a copy. */
type Work = { path: string } & ({ mode: CheckpointMode } | { copyTo: string })
export type CheckpointRequest = { id: number } & Work
export type CheckpointMode = 'PASSIVE' | 'TRUNCATE'
export type CheckpointReply = { id: number; complete: boolean; error?: string }

/** Beside this file, and of its kind: TypeScript here, JavaScript in the published package. */
const THREAD = import.meta.url.replace(/checkpointer(\.\w+)$/, 'checkpoint-thread$1')

export interface Checkpointer {
  /**
   * PASSIVE copies what it can beside readers and the writer; TRUNCATE also gives back the write-ahead log's space, and
   * wants the writer to pause. True if all that was written is in the file, durably.
   */
  checkpoint(path: string, mode: CheckpointMode): Promise<boolean>
  /** Writes what is committed, as of one moment, to a new file. */
  copy(path: string, to: string): Promise<void>
  /** Syncs what the write-ahead log holds by now, so that a checkpoint finds less to do at once. */
  flush(path: string): Promise<void>
  close(): Promise<void>
}

export class ThreadCheckpointer implements Checkpointer {
  #worker: Worker | undefined
  #next = 1
  readonly #waiting = new Map<number, { resolve: (complete: boolean) => void; reject: (error: Error) => void }>()

  checkpoint(path: string, mode: CheckpointMode): Promise<boolean> {
    return this.#ask({ path, mode })
  }

  async copy(path: string, copyTo: string): Promise<void> {
    await this.#ask({ path, copyTo })
  }

  #ask(request: Work): Promise<boolean> {
    this.#worker ??= this.#start()
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker!.ref()
      this.#worker!.postMessage({ id, ...request } satisfies CheckpointRequest)
    })
  }

  /** No lock of SQLite's lies on this file, which closing it could drop. */
  async flush(path: string): Promise<void> {
    const file = await open(`${path}-wal`, 'r+')
    await file.datasync().finally(() => file.close())
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    worker.ref()
    worker.postMessage('close')
    await once(worker, 'exit')
  }

  #start(): Worker {
    const worker = new Worker(new URL(THREAD))
    worker.on('message', (reply: CheckpointReply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      // Idle, it keeps no process alive.
      if (this.#waiting.size === 0) worker.unref()
      if (reply.error) waiting?.reject(new Error(reply.error))
      else waiting?.resolve(reply.complete)
    })
    worker.on('error', error => {
      for (const waiting of this.#waiting.values()) waiting.reject(error)
      this.#waiting.clear()
      this.#worker = undefined
    })
    return worker
  }
}

/** For stores in memory: nothing to copy, nothing that could be lost separately. */
export const noCheckpointer: Checkpointer = {
  checkpoint: async () => true,
  copy: async path => {
    throw new Error(`${path} is no file that could be copied`)
  },
  flush: async () => {},
  close: async () => {},
}
