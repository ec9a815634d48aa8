/** What an operator does to the world, counted, so that it can be broken off before or after any of its steps. */
import { type Api, ApiError } from '../../operator/dataplane/api.ts'
import { KubeError } from '../../operator/kube/errors.ts'
import type { Request, Transport } from '../../operator/kube/transport.ts'
import { type Metadata, MetadataUnavailable } from '../../server/metadata/metadata.ts'

const READS = /^(Describe|List|Get)/

export class Mortal {
  /** Writes so far: to the API server, to the DynamoDB API, to the metadata. */
  effects = 0
  /** Requests to the API server so far, by method. */
  readonly requests = new Map<string, number>()
  /** Requests to the DynamoDB API so far, those for how the cluster is among them. */
  calls = 0
  isDead = false
  readonly #last: number
  readonly #isAfter: boolean
  readonly #death = new AbortController()

  /** Dies of its effect number `last`: before it, or after it and before it hears of it. */
  constructor(last = Number.POSITIVE_INFINITY, isAfter = false) {
    this.#last = last
    this.#isAfter = isAfter
  }

  kill(): void {
    this.isDead = true
    this.#death.abort()
  }

  transport(real: Transport): Transport {
    const dead = () => new KubeError(0, 'Dead', 'this operator is dead')
    const send = (request: Request) => {
      this.requests.set(request.method, (this.requests.get(request.method) ?? 0) + 1)
      const isLease = request.path.includes('/leases')
      return this.#do(request.method !== 'GET' && !isLease, () => real.send(request), dead)
    }
    const lines: Transport['lines'] = (path, query, signal) => {
      if (this.isDead) throw dead()
      return real.lines(path, query, AbortSignal.any([signal, this.#death.signal]))
    }
    return { send, lines }
  }

  api(real: Api): Api {
    const dead = () => new ApiError('NoAnswer', 'this operator is dead')
    return {
      call: (operation, input) => {
        this.calls += 1
        return this.#do(!READS.test(operation), () => real.call(operation, input), dead)
      },
      mapping: (method, id, input) => {
        this.calls += 1
        return this.#do(true, () => real.mapping(method, id, input), dead)
      },
      cluster: () => {
        this.calls += 1
        return this.#do(false, () => real.cluster(), dead)
      },
    }
  }

  metadata(real: Metadata): Metadata {
    const dead = () => new MetadataUnavailable('this operator is dead')
    return {
      get: key => this.#do(false, () => real.get(key), dead),
      list: prefix => this.#do(false, () => real.list(prefix), dead),
      commit: commit => this.#do(true, () => real.commit(commit), dead),
      watch: (prefix, listener) => real.watch(prefix, changes => this.isDead || listener(changes)),
      lease: () => real.lease(),
      close: () => real.close(),
    }
  }

  async #do<T>(isEffect: boolean, step: () => Promise<T>, dead: () => Error): Promise<T> {
    if (this.isDead) throw dead()
    const isLast = isEffect && ++this.effects === this.#last
    if (isLast && !this.#isAfter) {
      this.kill()
      throw dead()
    }
    const answer = await step()
    if (isLast) this.kill()
    if (this.isDead) throw dead()
    return answer
  }
}
