/** Options from a file: keys are named as the flags are, lists may be lists. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Command, InvalidArgumentError, type Option } from 'commander'

/** Takes from the file what neither a flag nor the environment has said. Ends the process, with a sentence, if it can't. */
export function readConfigFile(command: Command, path: string): void {
  const settings = parsed(command, path)
  for (const [key, value] of Object.entries(settings)) {
    const option = command.options.find(option => option.name() === key || option.attributeName() === key)
    if (!option || key === 'config') command.error(`error: ${path} says ${key}, and there is no such option`)
    const name = option!.attributeName()
    const source = command.getOptionValueSource(name)
    if (source === 'cli' || source === 'env') continue
    command.setOptionValueWithSource(name, read(command, path, option!, value), 'config')
  }
}

function parsed(command: Command, path: string): Record<string, unknown> {
  // Seventy modules, which few starts need.
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml')
  try {
    const settings: unknown = parse(readFileSync(path, 'utf8')) ?? {}
    if (typeof settings === 'object' && !Array.isArray(settings)) return settings as Record<string, unknown>
    return command.error(`error: ${path} is no list of options and their values`)
  } catch (error) {
    return command.error(`error: ${path} cannot be read: ${(error as Error).message}`)
  }
}

function read(command: Command, path: string, option: Option, value: unknown): unknown {
  if (option.isBoolean()) return value
  const text = Array.isArray(value) ? value.join() : String(value)
  try {
    return option.parseArg ? option.parseArg(text, undefined as never) : text
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    return command.error(`error: ${path} says ${option.name()}: ${text}, which is invalid. ${error.message}`)
  }
}
