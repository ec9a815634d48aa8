/** What would be in the images: programs of this machine, in their places. */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Binaries } from '../../../scripts/cluster/binaries.ts'

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

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))
/** As in the Dockerfile. */
const APP = ['package.json', 'bin', 'server', 'operator', 'crds', 'node_modules']

/** Tavola is this checkout, run by this process's Node. */
export function imagesOf({ etcd, nats }: Binaries): Images {
  const app = APP.filter(name => existsSync(join(CHECKOUT, name)))
  const tavola: Image = {
    entrypoint: ['node', 'bin/tavola.js'],
    environment: { NODE_ENV: 'production', TAVOLA_HOST: '0.0.0.0', TAVOLA_DATA_DIR: '/data' },
    workingDir: '/app',
    files: {
      ...Object.fromEntries(app.map(name => [`/app/${name}`, realpathSync(join(CHECKOUT, name))])),
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
