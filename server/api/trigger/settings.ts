/** From what a request says to a trigger's settings. */
import { InvalidPattern, parsePattern } from '../../triggers/filter/pattern.ts'
import type { TriggerSettings } from '../../triggers/records.ts'
import { parseTarget } from '../../triggers/targets.ts'
import { invalidValue } from './errors.ts'
import type { TriggerCall } from './operation.ts'
import type { SettingsInput } from './shape.ts'

const MAX_FILTERS = 10

export const DEFAULTS: Omit<TriggerSettings, 'startingPosition'> = {
  batchSize: 100,
  batchingWindowSeconds: 0,
  parallelization: 1,
  maximumAgeSeconds: -1,
  maximumRetries: -1,
  bisect: false,
  tumblingSeconds: 0,
  reportsFailures: false,
  filters: [],
  limits: {},
}

/** What is not said stays as it is. Errors: InvalidParameterValueException. */
export function changedSettings(current: TriggerSettings, input: SettingsInput, call: TriggerCall): TriggerSettings {
  const { DestinationConfig, FilterCriteria, Limits, Signing, FunctionResponseTypes } = input
  const age = input.MaximumRecordAgeInSeconds
  if (age !== undefined && age >= 0 && age < 60)
    throw invalidValue('MaximumRecordAgeInSeconds must be -1, or from 60 to 604800.')
  return {
    startingPosition: current.startingPosition,
    batchSize: input.BatchSize ?? current.batchSize,
    batchingWindowSeconds: input.MaximumBatchingWindowInSeconds ?? current.batchingWindowSeconds,
    parallelization: input.ParallelizationFactor ?? current.parallelization,
    maximumAgeSeconds: age ?? current.maximumAgeSeconds,
    maximumRetries: input.MaximumRetryAttempts ?? current.maximumRetries,
    bisect: input.BisectBatchOnFunctionError ?? current.bisect,
    tumblingSeconds: input.TumblingWindowInSeconds ?? current.tumblingSeconds,
    reportsFailures: FunctionResponseTypes ? FunctionResponseTypes.length > 0 : current.reportsFailures,
    filters: FilterCriteria ? filtersOf(FilterCriteria) : current.filters,
    onFailure: DestinationConfig ? onFailureOf(DestinationConfig, call) : current.onFailure,
    limits: Limits
      ? {
          concurrency: Limits.MaximumConcurrency,
          perSecond: Limits.InvocationsPerSecond,
          timeoutSeconds: Limits.TimeoutInSeconds,
        }
      : current.limits,
    signing: Signing ? signingOf(Signing) : current.signing,
  }
}

/** Nothing in it: the servers' own signature again. */
function signingOf({ KeyId, Secret }: NonNullable<SettingsInput['Signing']>): TriggerSettings['signing'] {
  if (Secret !== undefined) return { keyId: KeyId ?? 'tavola', secret: Secret }
  if (KeyId !== undefined) throw invalidValue('Signing must have a Secret.')
  return undefined
}

function filtersOf({ Filters = [] }: NonNullable<SettingsInput['FilterCriteria']>): string[] {
  if (Filters.length > MAX_FILTERS) throw invalidValue(`Filters must not be more than ${MAX_FILTERS}.`)
  return Filters.map(({ Pattern = '{}' }) => {
    try {
      parsePattern(Pattern)
    } catch (error) {
      if (error instanceof InvalidPattern) throw invalidValue('Invalid filter pattern definition.')
      throw error
    }
    return Pattern
  })
}

function onFailureOf(config: NonNullable<SettingsInput['DestinationConfig']>, call: TriggerCall): string | undefined {
  if (config.OnSuccess?.Destination)
    throw invalidValue('Unsupported DestinationConfig parameter for given event source mapping type.')
  const destination = config.OnFailure?.Destination
  if (!destination) return undefined
  checkTarget(destination, call)
  return destination
}

/** Errors: InvalidParameterValueException, for what can't be called. */
export function checkTarget(name: string, call: TriggerCall): void {
  const target = parseTarget(name)
  if (!target) throw invalidValue(`${name} is neither a function nor a target of another kind.`)
  const refusal = call.refusal(target)
  if (refusal !== undefined) throw invalidValue(`${name} can not be called: ${refusal}.`)
}
