/** What storage pods are to have besides what Tavola itself needs of them: where they run, and with what. Pure. */
import { OperatorError } from '../../server/base/failure.ts'
import type { PodSpec, ResourceRequirements } from '../kube/objects.ts'

export type PodSettings = Pick<
  PodSpec,
  'nodeSelector' | 'tolerations' | 'affinity' | 'priorityClassName' | 'imagePullSecrets'
> & {
  /** Of pods whose Table says nothing of it. */
  resources?: ResourceRequirements
  labels?: { [name: string]: string }
  annotations?: { [name: string]: string }
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTexts = (value: unknown) => isObject(value) && Object.values(value!).every(text => typeof text === 'string')
const isObjects = (value: unknown) => Array.isArray(value) && value.every(isObject)

/** What each one must be; the API server knows the rest. */
const SHAPES: { [name in keyof Required<PodSettings>]: [isSo: (value: unknown) => boolean, what: string] } = {
  nodeSelector: [isTexts, 'an object of texts'],
  tolerations: [isObjects, 'a list of objects'],
  affinity: [isObject, 'an object'],
  priorityClassName: [value => typeof value === 'string', 'a text'],
  imagePullSecrets: [isObjects, 'a list of objects'],
  resources: [isObject, 'an object'],
  labels: [isTexts, 'an object of texts'],
  annotations: [isTexts, 'an object of texts'],
}

/** Errors: OperatorError, with what is none of the settings, or not as it must be. */
export function podSettingsOf(given: { [name: string]: unknown }): PodSettings {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(SHAPES, name)) throw new OperatorError(`Storage pods have no setting ${name}.`)
    const [isSo, what] = SHAPES[name as keyof PodSettings]
    if (!isSo(value)) throw new OperatorError(`The setting ${name} of storage pods must be ${what}.`)
  }
  return given as PodSettings
}
