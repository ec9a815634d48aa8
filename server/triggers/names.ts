/** The ARNs that triggers show. Pure. */
import { parseTarget } from './targets.ts'

export type Place = { account: string; region: string }

export function streamArnOf({ account, region }: Place, { table, label }: { table: string; label: string }): string {
  return `arn:aws:dynamodb:${region}:${account}:table/${table}/stream/${label}`
}

/** What is no function's name names itself. */
export function functionArnOf({ account, region }: Place, functionName: string): string {
  const target = parseTarget(functionName)
  if (target?.kind !== 'lambda') return functionName
  const qualifier = target.qualifier === undefined ? '' : `:${target.qualifier}`
  return `arn:aws:lambda:${region}:${account}:function:${target.name}${qualifier}`
}
