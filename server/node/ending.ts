/** What a process has opened, and how it is closed: the last thing first. */
export class Ending {
  readonly #steps: (() => unknown)[] = []
  #running: Promise<void> | undefined

  /** `step` comes before all that were added before it. */
  add(step: () => unknown): void {
    this.#steps.push(step)
  }

  /** All steps are taken, whatever becomes of each. Errors: that of the first that failed. */
  run(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    let failure: { error: unknown } | undefined
    for (const step of this.#steps.reverse()) {
      try {
        await step()
      } catch (error) {
        failure ??= { error }
      }
    }
    if (failure) throw failure.error
  }
}

/** Closes what was opened if `work` fails. */
export async function orEnd<T>(ending: Ending, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await ending.run().catch(() => {})
    throw error
  }
}
