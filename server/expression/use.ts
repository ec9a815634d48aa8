/** Which of its parameters a request may combine (facts, section 3.5). */
import { validation } from '../model/errors.ts'

export type ExpressionUse = {
  /** The parameters that expressions replace, in the order in which messages list them. */
  legacy: string[]
  expressions: string[]
  /** The expressions that take values, in the order in which messages list them. */
  valued: string[]
}

const CONDITIONAL_WRITE: ExpressionUse = {
  legacy: ['Expected', 'ConditionalOperator'],
  expressions: ['ConditionExpression'],
  valued: ['ConditionExpression'],
}

const READ: ExpressionUse = { legacy: ['AttributesToGet'], expressions: ['ProjectionExpression'], valued: [] }

/** Every operation, or part of one, that takes expressions. */
export const EXPRESSION_USE = {
  PutItem: CONDITIONAL_WRITE,
  DeleteItem: CONDITIONAL_WRITE,
  UpdateItem: {
    legacy: ['AttributeUpdates', 'Expected', 'ConditionalOperator'],
    expressions: ['UpdateExpression', 'ConditionExpression'],
    valued: ['UpdateExpression', 'ConditionExpression'],
  },
  GetItem: READ,
  /** One table's part of a BatchGetItem. */
  KeysAndAttributes: READ,
  Query: {
    legacy: ['AttributesToGet', 'QueryFilter', 'ConditionalOperator', 'KeyConditions'],
    expressions: ['ProjectionExpression', 'FilterExpression', 'KeyConditionExpression'],
    valued: ['FilterExpression', 'KeyConditionExpression'],
  },
  Scan: {
    legacy: ['AttributesToGet', 'ScanFilter', 'ConditionalOperator'],
    expressions: ['ProjectionExpression', 'FilterExpression'],
    valued: ['FilterExpression'],
  },
  /** A Put, Delete or ConditionCheck of a transaction. */
  TransactCondition: { legacy: [], expressions: ['ConditionExpression'], valued: ['ConditionExpression'] },
  TransactUpdate: {
    legacy: [],
    expressions: ['UpdateExpression', 'ConditionExpression'],
    valued: ['UpdateExpression', 'ConditionExpression'],
  },
  TransactGet: { legacy: [], expressions: ['ProjectionExpression'], valued: [] },
} satisfies Record<string, ExpressionUse>

/**
 * Refuses expressions beside the parameters that they replace, and names or values without an expression.
 * @param input the request, or the part of it that carries the expressions, as on the wire
 */
export function checkExpressionUse(input: object, use: ExpressionUse): void {
  const has = (name: string) => (input as Record<string, unknown>)[name] !== undefined
  const expressions = use.expressions.filter(has)
  checkMixing(use.legacy.filter(has), expressions)
  if (has('ExpressionAttributeNames') && expressions.length === 0) {
    throw validation('ExpressionAttributeNames can only be specified when using expressions')
  }
  if (has('ExpressionAttributeValues') && use.valued.length > 0 && !use.valued.some(has)) {
    const verb = use.valued.length > 1 ? 'are' : 'is'
    throw validation(
      `ExpressionAttributeValues can only be specified when using expressions: ${use.valued.join(' and ')} ${verb} null`,
    )
  }
}

function checkMixing(legacy: string[], expressions: string[]): void {
  // KeyConditions may stand beside expressions other than the one that replaces it.
  const mixed = expressions.includes('KeyConditionExpression')
    ? legacy
    : legacy.filter(parameter => parameter !== 'KeyConditions')
  if (mixed.length === 0 || expressions.length === 0) return
  throw validation(
    'Can not use both expression and non-expression parameters in the same request: ' +
      `Non-expression parameters: {${mixed.join(', ')}} Expression parameters: {${expressions.join(', ')}}`,
  )
}
