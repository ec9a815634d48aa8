/** Members that exports and imports share. */
import { string } from '../shape/shape.ts'

export const bucketName = string({ max: 255, pattern: '[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+' })

export const clientToken = string({ pattern: '[^\\$]+' })
