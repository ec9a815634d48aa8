/** What would be in the images: programs of this machine, in their places. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Binaries } from '../../../scripts/cluster/binaries.ts'
import { CHECKOUT, contentsOf, environmentOf, readDockerfile, settingOf } from '../../image/dockerfile.ts'

export type Image = {
  entrypoint: string[]
  environment?: Record<string, string>
  workingDir?: string
  /** Files and folders in the image, and where they are on this machine. */
  files: Record<string, string>
  /** With a shell and the usual tools, this machine's. Without, there is nothing but `files`. */
  tools: boolean
}

/** By the name in the reference, without registry and version. */
export type Images = Record<string, Image>

/** Tavola is this checkout, as the Dockerfile takes it, run by this process's Node. */
export function imagesOf({ etcd, nats }: Binaries): Images {
  const stages = readDockerfile()
  const image = stages.at(-1)!
  const workingDir = settingOf(image, 'WORKDIR')!
  const app = [...contentsOf(stages), 'node_modules']
  const tavola: Image = {
    entrypoint: JSON.parse(settingOf(image, 'ENTRYPOINT')!) as string[],
    environment: environmentOf(image),
    workingDir,
    files: {
      ...Object.fromEntries(app.map(name => [`${workingDir}/${name}`, realpathSync(join(CHECKOUT, name))])),
      '/opt/bin/node': process.execPath,
    },
    tools: true,
  }
  return {
    tavola,
    etcd: { entrypoint: ['/usr/local/bin/etcd'], files: { '/usr/local/bin/etcd': etcd }, tools: false },
    nats: { entrypoint: ['/nats-server'], files: { '/nats-server': nats }, tools: false },
    busybox: { entrypoint: ['sh'], files: {}, tools: true },
  }
}

/** Errors: there is none of that name. */
export function imageOf(images: Images, reference: string): Image {
  const [, name = ''] = /([^/:@]+)(?::[^/]*)?(?:@.*)?$/.exec(reference) ?? []
  const image = images[name]
  if (!image) throw new Error(`no image ${reference}: there are ${Object.keys(images).join(', ')}`)
  return image
}
