/** Fetches what the tests run besides Tavola; quick if it is here. Tests that need it say so themselves if it is not. */
import { binaries } from './binaries.ts'

await binaries().catch((error: Error) => console.error(error.message))
