/** A script as prose: what a person reads before anything else. */
import { seconds } from './fault.ts'
import { faultOf } from './faults.ts'
import type { Script, Step } from './script.ts'

export function say({ seed, setup, steps, faults }: Script): string {
  const { nodes, servers, partitions, replicas, localIndex, globalIndex, stream, timeToLive, leaseMs, depth } = setup
  const parts = [
    localIndex && 'a local index',
    globalIndex && 'a global index',
    stream && 'a stream',
    timeToLive && 'a time to live',
  ]
  const table = parts.filter(part => part !== false).join(', ')
  const lines = [
    `Seed ${seed}: ${counted(nodes, 'node')}, ${counted(servers, 'server')}; a table of ${counted(partitions, 'partition')} with ${counted(replicas, 'replica')}${table && ` and ${table}`}.`,
    `Leases of ${seconds(leaseMs)}, logs that take ${counted(depth, 'append')} at once.`,
  ]
  for (const [client, own] of Map.groupBy(steps, ({ client }) => client))
    lines.push(`Client ${client}: ${own.map(saidStep).join('; ')}.`)
  for (const fault of faults) lines.push(`After ${seconds(fault.at)} ${faultOf(fault.kind).say(fault)}.`)
  return lines.join('\n')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function saidStep(step: Step): string {
  const wait = step.pause > 0 ? `waits ${step.pause} ms, ` : ''
  return `${wait}asks s${step.server} to ${saidRequest(step)}`
}

function saidRequest(step: Step): string {
  const token = 'token' in step && step.token !== undefined ? `, with a token${step.again ? ', twice' : ''}` : ''
  switch (step.op) {
    case 'get':
    case 'delete':
      return `${step.op} ${step.key}`
    case 'put':
      return `put ${step.value} to ${step.key}`
    case 'putIf':
      return `put ${step.value} to ${step.key} if it is what was last seen there`
    case 'add':
      return `add ${step.by} to ${step.key}`
    case 'append':
      return `append ${step.id} to ${step.keys.join(' and ')}${token}`
    case 'readLists':
      return `read ${step.keys.join(' and ')}`
    case 'transfer':
      return `transfer ${step.amount} from ${step.from} to ${step.to}${token}`
    case 'readAccounts':
      return 'read all accounts'
    case 'putExpiring':
      return `put ${step.key}, which expires ${seconds(step.ms)} later`
    case 'getExpiring':
      return `get ${step.key}`
    case 'addIndex':
      return 'add an index'
    case 'removeIndex':
      return 'remove that index'
    case 'streamOn':
      return 'enable the stream'
    case 'streamOff':
      return 'disable the stream'
    case 'createTable':
      return `make the table ${step.name}`
    case 'deleteTable':
      return `delete the table ${step.name}`
    case 'putElsewhere':
      return `put an item to ${step.name}`
  }
}
