/** A leader's part in transactions (partition/transaction.ts). A prepare that is repeated meets itself. */
import type {
  CheckAnswer,
  CheckRequest,
  CommitAnswer,
  CommitRequest,
  Ending,
  Participant,
  PrepareRequest,
  ReadAnswer,
  Token,
  TokenState,
  Vote,
} from '../../partition/transaction.ts'
import type { Held } from '../../replica/peers.ts'
import { actions, bytes, image, json, list, nothing, optional } from '../codecs.ts'
import { type Codec, method, onceOnly } from '../method.ts'

/** Beside the actions, which hold buffers, all is plain. */
function withActions<T extends { actions: PrepareRequest['actions'] }>(): Codec<T> {
  return {
    write(out, { actions: list, ...rest }) {
      out.json(rest)
      actions.write(out, list)
    },
    read(fields) {
      const rest = fields.json<Omit<T, 'actions'>>()
      return Object.assign(rest, { actions: actions.read(fields) }) as T
    },
  }
}

/** Members that may be undefined, and must be there. */
function withToken<T extends { token: unknown }>(inner: Codec<T>): Codec<T> {
  const read: Codec<T>['read'] = fields => {
    const { token, ...rest } = inner.read(fields)
    return { ...rest, token } as T
  }
  return { write: inner.write, read }
}

const keys = list(bytes)
const optionalImages = list(optional(image))

const readAnswer: Codec<ReadAnswer> = {
  write(out, answer) {
    const { images, ...rest } = { images: undefined, ...answer }
    out.json(rest)
    if (images) optionalImages.write(out, images)
  },
  read(fields) {
    const rest = fields.json<{ held: number[] } | { watch?: string }>()
    return 'held' in rest ? rest : { images: optionalImages.read(fields), watch: rest.watch }
  },
}

const readRequest: Codec<{ keys: Buffer[]; watch: boolean }> = {
  write(out, request) {
    out.u8(request.watch ? 1 : 0)
    keys.write(out, request.keys)
  },
  read: fields => ({ watch: fields.u8() === 1, keys: keys.read(fields) }),
}

const changedRequest: Codec<{ watch: string; keys: Buffer[] }> = {
  write(out, request) {
    out.text(request.watch)
    keys.write(out, request.keys)
  },
  read: fields => ({ watch: fields.text(), keys: keys.read(fields) }),
}

type Resolution = { held: Held; ending: Ending }
type Question = { transaction: string; participant: Participant }

export const prepare = onceOnly('prepare', withActions<PrepareRequest>(), json<Vote>(), ({ transactions }, request) =>
  transactions.prepare(request),
)
export const check = method(
  'check',
  withToken(withActions<CheckRequest>()),
  json<CheckAnswer>(),
  ({ transactions }, request) => transactions.check(request),
)
export const commit = onceOnly(
  'commit',
  withToken(withActions<CommitRequest>()),
  json<CommitAnswer>(),
  ({ transactions }, request) => transactions.commit(request),
)
export const resolve = method('resolve', json<Resolution>(), nothing, ({ transactions }, { held, ending }) =>
  transactions.resolve(held, ending),
)
export const abandon = method('abandon', json<string>(), nothing, ({ transactions }, transaction) =>
  transactions.abandon(transaction),
)
export const token = method('token', json<Token>(), optional(json<TokenState>()), ({ transactions }, token) =>
  transactions.token(token),
)
export const outcome = method(
  'outcome',
  json<Question>(),
  json<Ending | 'running'>(),
  ({ transactions }, { transaction, participant }) => transactions.outcome(transaction, participant),
)
export const read = method('read', readRequest, readAnswer, ({ transactions }, { keys, watch }) =>
  transactions.read(keys, watch),
)
export const changed = method('changed', changedRequest, json<number[]>(), ({ transactions }, { watch, keys }) =>
  transactions.changed(watch, keys),
)
export const holds = method('holds', json<Held[]>(), json<boolean[]>(), ({ transactions }, prepares) =>
  transactions.holds(prepares),
)
