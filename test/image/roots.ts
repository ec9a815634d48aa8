/**
 * The Dockerfile's steps, done one by one to plain folders: no builder and no registry of images is needed. The base image is
 * played: this machine's tools while a step runs, and Node with the libraries it needs in what is kept, nothing else.
 */
import { execFile, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CHECKOUT, copiesOf, readDockerfile, type Stage, settingOf } from './dockerfile.ts'

/** As in the base image. */
const USERS = 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n'
const GROUPS = 'root:x:0:\nnode:x:1000:\n'
export const NODE_UID = 1000
/** Where tools are, or links to where they are. */
const TOOLS = ['/bin', '/sbin', '/lib', '/lib64', '/usr']

/** Why it can't be done here; undefined if it can. */
export function whyNot(): string | undefined {
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt'])
  return tried.status === 0 && process.getuid?.() === 0 ? undefined : 'the image’s steps need Linux and root'
}

/** @returns the last stage's root. Errors: a step fails, with what it said. */
export async function build(folder: string): Promise<string> {
  const roots = new Map<string, string>()
  let root = ''
  for (const [i, stage] of readDockerfile().entries()) {
    root = join(folder, `stage-${i}`)
    base(root)
    if (stage.name !== undefined) roots.set(stage.name, root)
    await perform(stage, root, roots)
  }
  return root
}

function base(root: string): void {
  const folders = ['etc', 'usr/local/bin', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'tmp', 'dev', 'proc']
  for (const path of folders) mkdirSync(join(root, path), { recursive: true })
  for (const path of TOOLS) if (isLink(path)) symlinkSync(readlinkSync(path), join(root, path))
  writeFileSync(join(root, 'etc/passwd'), USERS)
  writeFileSync(join(root, 'etc/group'), GROUPS)
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'))
  const { stdout } = spawnSync('ldd', [process.execPath], { encoding: 'utf8' })
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

async function perform(stage: Stage, root: string, roots: Map<string, string>): Promise<void> {
  const workingDir = settingOf(stage, 'WORKDIR')!
  mkdirSync(join(root, workingDir), { recursive: true })
  const copies = copiesOf(stage)
  for (const { keyword, text } of stage.steps) {
    if (keyword === 'RUN') await run(text, root, workingDir)
    if (keyword !== 'COPY') continue
    const { from, sources, target } = copies.shift()!
    for (const source of sources) {
      const place = join(root, resolve(workingDir, target))
      const to = sources.length > 1 || target.endsWith('/') ? join(place, basename(source)) : place
      cpSync(join(from === undefined ? CHECKOUT : roots.get(from)!, source), to, {
        recursive: true,
        verbatimSymlinks: true,
        // .dockerignore leaves out what is installed in the checkout.
        filter: path => from !== undefined || basename(path) !== 'node_modules',
      })
    }
  }
}

/** With the tools of this machine, read-only, in place of the root's, and its network; Node and the users are the root's own. */
async function run(command: string, root: string, workingDir: string): Promise<void> {
  const tools = TOOLS.filter(path => existsSync(path) && !isLink(path))
  const script = [
    'mount -t tmpfs none /mnt && mkdir /mnt/root /mnt/own /mnt/etc',
    'mount --bind "$ROOT" /mnt/root && mount --bind "$ROOT/usr/local/bin" /mnt/own',
    'cp -r /etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/ssl "$ROOT/etc/." /mnt/etc/',
    'cd /mnt/root && mount --bind /mnt/etc ./etc',
    ...tools.map(path => `mkdir -p .${path} && mount --rbind ${path} .${path} && mount -o remount,bind,ro .${path}`),
    'mount --bind /mnt/own ./usr/local/bin',
    ...['/dev', '/proc'].map(path => `mount --rbind ${path} .${path}`),
    `exec unshare --root=/mnt/root --wd=${workingDir} sh -ec "$COMMAND"`,
  ].join('\n')
  // Of the environment, how to reach the network; what npm tells its scripts would tell the npm in there, too.
  const network = Object.entries(process.env).filter(([name]) =>
    /^((https?|no)_proxy|node_extra_ca_certs)$/i.test(name),
  )
  const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'
  const env = { ...Object.fromEntries(network), PATH, HOME: '/tmp', ROOT: root, COMMAND: command }
  await promisify(execFile)('unshare', ['--mount', 'sh', '-ec', script], { env, maxBuffer: 64 * 1024 * 1024 })
}

/** The command that runs `command` in a root as a container would: read-only, without rights, `/data` its only folder. */
export function contained(root: string, data: string, command: string[]): string[] {
  const script = [
    'mount -t tmpfs none /mnt && mkdir /mnt/root && mount --bind "$1" /mnt/root && mount -o remount,bind,ro /mnt/root',
    'mount --bind "$2" /mnt/root/data && mount -t proc proc /mnt/root/proc && mount -t tmpfs none /mnt/root/tmp',
    'shift 2',
    `exec unshare --root=/mnt/root --wd=/app --setgid=${NODE_UID} --setuid=${NODE_UID} -- "$@"`,
  ].join(' && ')
  return ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', script, 'sh', root, data, ...command]
}

/** As `du`: bytes of all files in there. */
export function sizeOf(root: string, path: string): number {
  return Number(spawnSync('du', ['-sb', join(root, path)], { encoding: 'utf8' }).stdout.split('\t')[0])
}

export function entrypointOf(): string[] {
  return JSON.parse(settingOf(readDockerfile().at(-1)!, 'ENTRYPOINT')!) as string[]
}
