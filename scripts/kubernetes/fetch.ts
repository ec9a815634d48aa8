/** Builds the Kubernetes that tests run on; quick if it is here. Broken off, it goes on where it was: Go keeps what it has compiled. */
import { kubernetesBinaries } from './binaries.ts'

await kubernetesBinaries(line => console.error(line)).catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
