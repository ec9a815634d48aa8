/** A container's own view of the file system: mounts that only its process sees, and a root made of them. */
import type { Image } from './images.ts'

export type Mount = { from: string; to: string; readOnly?: boolean }

export type RootOptions = {
  /** An empty folder; what is mounted there is gone with the process. */
  root: string
  image: Image
  /** A folder for `/etc`. */
  etc: string
  mounts: Mount[]
  readOnly: boolean
  workingDir: string
  hostname: string
}

const TOOLS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/** The command that runs `command` there. Needs no other rights than those of a user namespace's root. */
export function insideRoot(options: RootOptions, command: string[]): string[] {
  return ['unshare', '--mount', '--uts', 'sh', '-ec', script(options), 'sh', ...command]
}

function script({ root, image, etc, mounts, readOnly, workingDir, hostname }: RootOptions): string {
  const tools = image.tools ? TOOLS.map(path => tool(root, path)) : []
  const files = Object.entries(image.files).map(([to, from]) => ({ from, to, readOnly: true }))
  const all = [
    ...['/dev', '/proc'].map(path => ({ from: path, to: path })),
    { from: etc, to: '/etc' },
    ...files,
    ...mounts,
  ]
  // What lies in another mount comes after it.
  const ordered = all.toSorted((a, b) => a.to.length - b.to.length)
  return [
    `hostname ${quoted(hostname)}`,
    `mount -t tmpfs -o mode=755 none ${quoted(root)}`,
    ...tools,
    ...ordered.map(each => bind(root, each)),
    `mkdir -p ${quoted(`${root}/tmp`)} ${quoted(root + workingDir)}`,
    ...(readOnly ? [`mount -o remount,ro ${quoted(root)}`] : []),
    `exec unshare --root=${quoted(root)} --wd=${quoted(workingDir)} -- "$@"`,
  ].join('\n')
}

/** Where these are links, as /bin is to /usr/bin, links. */
function tool(root: string, path: string): string {
  const to = `${root}${path}`
  const [from, target] = [quoted(path), quoted(to)]
  return `if [ -L ${from} ]; then cp -P ${from} ${target}; elif [ -d ${from} ]; then mkdir ${target}; mount --rbind ${from} ${target}; fi`
}

function bind(root: string, { from, to, readOnly }: Mount): string {
  const [source, target] = [quoted(from), quoted(root + to)]
  const place = `if [ -d ${source} ]; then mkdir -p ${target}; else mkdir -p "$(dirname ${target})"; : >>${target}; fi`
  return `${place}; mount --rbind ${source} ${target}${readOnly ? `; mount -o remount,bind,ro ${target}` : ''}`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
