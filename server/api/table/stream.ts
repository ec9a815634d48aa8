/** The stream of a table: its specification and its label. */
import { invalidParameter } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { StreamRequest } from './request.ts'

/**
 * The members of a new table's record that describe its stream. `previous`: label of the last stream of a table of that name.
 * Errors: ValidationException.
 */
export function defineStream(
  requested: StreamRequest | undefined,
  now: number,
  previous: string | undefined,
): Pick<TableRecord, 'stream' | 'latestStreamLabel'> {
  if (requested === undefined) return {}
  const { StreamEnabled, StreamViewType } = requested
  if (!StreamEnabled && StreamViewType !== undefined) {
    throw invalidParameter('Table is being created with a stream disabled, UpdateViewType should not be specified')
  }
  if (!StreamEnabled) return {}
  if (StreamViewType === undefined) {
    throw invalidParameter('Table is being created with a stream enabled, UpdateViewType is required')
  }
  return { stream: { viewType: StreamViewType }, latestStreamLabel: streamLabel(now, previous) }
}

/** The time in UTC, without a zone, later than the table's previous label: `2015-07-21T18:33:48.123`. */
export function streamLabel(now: number, previous: string | undefined): string {
  const time = previous === undefined ? now : Math.max(now, Date.parse(`${previous}Z`) + 1)
  return new Date(time).toISOString().slice(0, -1)
}
