/** Members that all operations on statements share. */
import { attributeValue, list, required, string } from '../shape/shape.ts'

export const statement = required(string({ min: 1, max: 8192 }))

/** Values for the `?` of a statement, in their order. */
export const parameters = list(attributeValue, { min: 1 })
