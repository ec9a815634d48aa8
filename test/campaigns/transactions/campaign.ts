/**
 * The transactions' campaign: tellers on a real process, which ends as by `kill -9` at a chosen step of the protocol, or at
 * any time; restart, and sums, pairs, ledger and index must be as they must, nothing held, and what is asked again done once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Exit, spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { type Api, apiOf, CutOff } from '../crash/api.ts'
import { type Random, randomOf } from '../random.ts'
import { checkBank, openBank } from './bank.ts'
import { KINDS, type Moment, TIMES } from './moments.ts'
import { type Counts, Teller } from './teller.ts'

export type TransactionCampaign = { rounds: number; seed: number; tellers?: number; report(line: string): void }

/** How often the process ended at each step; `any time` for the others. */
export type CampaignResult = Counts & { ends: Map<string, number> }

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const NEVER: Moment = { kind: 'write', time: 'before', count: Number.MAX_SAFE_INTEGER }

/** Errors: the first thing that is not as it must be. */
export async function runTransactionCampaign(options: TransactionCampaign): Promise<CampaignResult> {
  const { rounds, seed, tellers: count = 6, report } = options
  const folder = await makeTempFolder()
  const choices = randomOf(seed, 0)
  const tellers = Array.from({ length: count }, (_, id) => new Teller(randomOf(seed, id + 1)))
  const ends = new Map<string, number>()
  const args = ['--data-dir', folder.path, '--partitions', '3']
  for (let round = 0; round <= rounds; round++) {
    const moment = round === rounds ? NEVER : momentOf(round, choices)
    const end = await oneRound(args, moment, {
      tellers,
      choices,
      isFirst: round === 0,
      isLast: round === rounds,
    }).catch(error => {
      throw new Error(`round ${round} of seed ${seed} (data kept in ${folder.path}): ${(error as Error).message}`)
    })
    if (round < rounds) {
      ends.set(end, (ends.get(end) ?? 0) + 1)
      report(`round ${round + 1}: ${end}`)
    }
  }
  await folder.remove()
  const sum = (of: keyof Counts) => tellers.reduce((total, { counts }) => total + counts[of], 0)
  return { done: sum('done'), refused: sum('refused'), audits: sum('audits'), replays: sum('replays'), ends }
}

type Round = { tellers: Teller[]; choices: Random; isFirst: boolean; isLast: boolean }

/** @returns where the process ended */
async function oneRound(args: string[], moment: Moment, round: Round): Promise<string> {
  // The moment may come as soon as it starts, with what the last process left.
  const server = await spawnTavola(args, { main: MAIN, env: { MOMENT: JSON.stringify(moment) } }).catch(() => undefined)
  if (!server) return nameOf(moment)
  try {
    return await workAndEnd(server, moment, round)
  } catch (error) {
    await server.kill('SIGKILL')
    throw new Error(`${(error as Error).message}\n${server.stderr()}`)
  }
}

async function workAndEnd(server: TavolaProcess, moment: Moment, round: Round): Promise<string> {
  const { tellers, choices, isLast } = round
  const api = apiOf(server.endpoint)
  if (!(await isInOrder(api, server, round))) return nameOf(moment)
  if (isLast) return endOf(await server.kill('SIGKILL'), server, moment)
  let stopped = false
  const work = Promise.all(tellers.map(teller => teller.run(api, () => stopped)))
  await Promise.race([server.exit, sleep(choices.between(300, 2500)), work])
  const exit = await server.kill('SIGKILL')
  stopped = true
  await work
  return endOf(exit, server, moment)
}

/** Repeats what was cut off, and looks at everything. @returns false if the moment came meanwhile */
async function isInOrder(api: Api, server: TavolaProcess, { tellers, isFirst }: Round): Promise<boolean> {
  try {
    if (isFirst) await openBank(api)
    await Promise.all(tellers.map(teller => teller.repeat(api)))
    await checkBank(
      api,
      tellers.map(({ touches }) => touches),
    )
    return true
  } catch (error) {
    if (!(error instanceof CutOff)) throw error
    await server.exit
    return false
  }
}

function endOf({ signal }: Exit, server: TavolaProcess, moment: Moment): string {
  if (signal !== 'SIGKILL') throw new Error('the process ended by itself')
  return server.stderr().includes('the moment has come') ? nameOf(moment) : 'any time'
}

/** All steps in turn; an abort is logged for what a killed prepare left. */
function momentOf(round: number, choices: Random): Moment {
  const steps = KINDS.flatMap(kind => TIMES.map(time => ({ kind, time })))
  const step = round % (steps.length + 2)
  if (step >= steps.length) return NEVER
  const { kind, time } = steps[step]!
  return { kind, time, count: kind === 'abort' ? 1 : choices.between(1, 25) }
}

function nameOf({ kind, time }: Moment): string {
  return `${kind} ${time}`
}
