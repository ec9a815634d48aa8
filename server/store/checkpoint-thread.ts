/** The thread behind checkpointer.ts. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import type { CheckpointReply, CheckpointRequest } from './checkpointer.ts'

/** Frames of the write-ahead log, and how many of them are in the file. */
type Result = { busy: number; log: number; checkpointed: number }

parentPort!.on('message', (request: CheckpointRequest | 'close') => {
  if (request === 'close') return parentPort!.close()
  parentPort!.postMessage(reply(request))
})

function reply(request: CheckpointRequest): CheckpointReply {
  const { id, path } = request
  try {
    // Opening would make an empty one, which nobody removes, in the place of one that was dropped meanwhile.
    if (!existsSync(path)) throw new Error(`${path} is not there any more`)
    const database = new DatabaseSync(path, { timeout: 5000 })
    try {
      database.exec('PRAGMA synchronous = FULL')
      if ('copyTo' in request) {
        database.prepare('VACUUM INTO ?').run(request.copyTo)
        return { id, complete: true }
      }
      const result = database.prepare(`PRAGMA wal_checkpoint(${request.mode})`).get() as Result
      return { id, complete: result.busy === 0 && result.checkpointed === result.log }
    } finally {
      database.close()
    }
  } catch (error) {
    return { id, complete: false, error: (error as Error).message }
  }
}
