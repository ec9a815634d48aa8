/** Builds the Kubernetes that tests run on; quick if it is here. Broken off, it goes on where it was: Go keeps what it has compiled. */
import { helmBinary, kubernetesBinaries } from './binaries.ts'

const say = (line: string) => console.error(line)
try {
  await kubernetesBinaries(say)
  await helmBinary(say)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
