/** A disk of a cluster's own: a file system in a file, which can be full, and lose what was not synced as in a power cut. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const FILL = '.fill'
/** Nothing is written back by itself meanwhile: only what is synced is on the disk. */
const COMMIT_SECONDS = 600
/** EXT4_IOC_SHUTDOWN, and its flag that the journal is not written first. */
const SHUTDOWN = 'open(F, "<", $ARGV[0]) or die $!; my $flag = pack("I", 2); ioctl(F, 0x8004587D, $flag) or die $!'
const BUSY_TRIES = 200

export class Disk {
  readonly folder: string
  readonly #image: string

  /** Mounted at `folder`, in the box alone (box.ts). */
  static make(image: string, folder: string, megabytes: number): Disk {
    writeFileSync(image, '')
    truncateSync(image, megabytes * 1024 * 1024)
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image])
    const disk = new Disk(image, folder)
    disk.mount()
    return disk
  }

  private constructor(image: string, folder: string) {
    this.#image = image
    this.folder = folder
  }

  /** Not a byte is left for anybody. */
  fill(): void {
    const file = join(this.folder, FILL)
    // In large pieces, and then the rest. It ends when the disk is full.
    for (const size of ['1M', '4k'])
      spawnSync('dd', ['if=/dev/zero', `of=${file}`, `bs=${size}`, 'oflag=append', 'conv=notrunc'])
  }

  free(): void {
    rmSync(join(this.folder, FILL))
  }

  /** From now on nothing reaches the disk, and what was not synced never will. */
  powerOff(): void {
    const file = join(this.folder, '.power')
    writeFileSync(file, '')
    execFileSync('perl', ['-e', SHUTDOWN, file])
  }

  /** Once nobody has a file open any more. After a power cut, it forgets what was not synced. */
  async unmount(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return void execFileSync('umount', [this.folder], { stdio: 'pipe' })
      } catch (error) {
        if (tries === BUSY_TRIES) throw error
        await sleep(50)
      }
    }
  }

  mount(): void {
    mkdirSync(this.folder, { recursive: true })
    execFileSync('mount', ['-o', `loop,commit=${COMMIT_SECONDS}`, this.#image, this.folder])
  }
}
