/** LimitExceededException and the texts its quotas share (facts, section 4.8). */
import { type DynamoError, dynamo } from '../../model/errors.ts'

export const SECOND = 1000
export const HOUR = 3600 * SECOND
export const DAY = 24 * HOUR

export const TABLE_MAXIMUM = 40_000
export const ACCOUNT_MAXIMUM = 80_000

export const MORE = 'Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.'

/** `Subscriber limit exceeded: <message>`. */
export function subscriberLimit(message: string): DynamoError {
  return dynamo('LimitExceededException', `Subscriber limit exceeded: ${message}`)
}

/** The times that lie after `start`; `times` in epoch milliseconds, oldest first. */
export function since(times: number[] | undefined, start: number): number[] {
  return (times ?? []).filter(time => time >= start)
}

/** Midnight before `now`, UTC. */
export function startOfDay(now: number): number {
  return now - (now % DAY)
}

const TIMESTAMP: Intl.DateTimeFormatOptions = {
  weekday: 'long',
  month: 'long',
  day: 'numeric',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  second: '2-digit',
  timeZone: 'UTC',
}

/** `Wednesday, July 25, 2018 1:50:17 AM UTC`, as the quotas' messages spell times. */
export function spelled(time: number): string {
  // Made when it is needed: it takes a tenth of a start.
  const format = new Intl.DateTimeFormat('en-US', TIMESTAMP)
  const parts = new Map(format.formatToParts(time).map(part => [part.type, part.value]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)
  return `${of('weekday')}, ${of('month')} ${of('day')}, ${of('year')} ${of('hour')}:${of('minute')}:${of('second')} ${of('dayPeriod')} UTC`
}
