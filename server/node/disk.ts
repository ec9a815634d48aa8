/** The data folder of a process that is its whole cluster: partitions, their logs, and the metadata. */
import { constants, existsSync } from 'node:fs'
import { access, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../base/failure.ts'
import type { Logger } from '../base/logger.ts'
import { systemRandom } from '../base/random.ts'
import { LocalLogStore } from '../log/local/local.ts'
import { MemoryLogStore } from '../log/memory.ts'
import { LocalMetadata } from '../metadata/local/local.ts'
import type { Metadata } from '../metadata/metadata.ts'
import { noCheckpointer, ThreadCheckpointer } from '../store/checkpointer.ts'
import type { Ground } from './holding.ts'

export type Disk = Ground & { metadata: Metadata }

/** Nothing is kept. */
export function memoryDisk(): Disk {
  return {
    metadata: new LocalMetadata(':memory:', systemRandom),
    logs: new MemoryLogStore(),
    checkpointer: noCheckpointer,
    folder: undefined,
    seen: undefined,
  }
}

/** Errors: OperatorError. */
export async function openDisk(dataDir: string, logger: Logger): Promise<Disk> {
  const folder = await partitionsFolder(dataDir)
  const path = join(dataDir, 'metadata.db')
  // Without it, nobody would know the partitions there are, and they would be cleared away.
  if (!existsSync(path) && (await readdir(folder)).length > 0)
    throw new OperatorError(
      `${path} is missing, though ${folder} holds data: restore it, or choose another data folder.`,
    )
  const metadata = new LocalMetadata(path, systemRandom)
  try {
    const logFolder = join(dataDir, 'log')
    const logs = await LocalLogStore.open(logFolder, logger)
    const seen = { folder: dataDir, log: { folder: logFolder, activity: logs.activity } }
    return { metadata, logs, checkpointer: new ThreadCheckpointer(), folder, seen }
  } catch (error) {
    await metadata.close()
    throw error
  }
}

/** The folder of the partitions' files, made if it is not there. Errors: OperatorError. */
export async function partitionsFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'partitions')
  try {
    await mkdir(folder, { recursive: true })
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    return folder
  } catch (error) {
    throw new OperatorError(`The data folder ${dataDir} cannot be used: ${(error as Error).message}.`)
  }
}
