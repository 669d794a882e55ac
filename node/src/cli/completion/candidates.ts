/** What could stand where the cursor is, from the tree of commands alone; names that only a node knows are looked up. */
import type { Argument, Command, Option } from 'commander'

/** What a node is asked for. */
export type Named = 'capability' | 'alias' | 'approval' | 'agent' | 'case' | 'exception'
export type LookUp = (what: Named, home: string | undefined) => Promise<readonly string[]>

/** Arguments and options by what they name. An argument of one command goes before that of all commands. */
const named: Readonly<Record<string, Named>> = {
  capability: 'capability',
  alias: 'alias',
  peer: 'alias',
  'capability remove what': 'capability',
  'approve id': 'approval',
  'deny id': 'approval',
  'agent remove name': 'agent',
  'case show id': 'case',
  'case triage id': 'case',
  'case decide id': 'case',
  'case appeal id': 'case',
  'case close id': 'case',
  'case notify id': 'case',
  'break-glass grant id': 'exception',
  'break-glass end id': 'exception',
  '--approval': 'approval',
}

/**
 * @param words after the name of the program; the last one is being written, and may be empty
 * @returns candidates that begin with that word, in the order of the program
 */
export async function candidates(program: Command, words: readonly string[], lookUp: LookUp): Promise<string[]> {
  const current = words.at(-1) ?? ''
  const place = placeOf(program, words.slice(0, -1))
  const found = await inPlace(place, current, lookUp)
  // Nothing that a shell would read as more than a word.
  return found.filter((word) => word.startsWith(current) && /^[\w./:@=+-]+$/.test(word))
}

type Place = {
  command: Command
  /** Names of the commands down to it. */
  path: string[]
  /** Arguments of it that stand there already. */
  given: number
  /** The option whose value is being written. */
  awaiting: Option | undefined
  home: string | undefined
}

function placeOf(program: Command, before: readonly string[]): Place {
  const place: Place = { command: program, path: [], given: 0, awaiting: undefined, home: undefined }
  let onlyArguments = false
  for (const word of before) {
    const { awaiting } = place
    if (awaiting !== undefined) {
      if (awaiting.long === '--home') place.home = word
      place.awaiting = undefined
    } else if (word === '--') onlyArguments = true
    else if (word.startsWith('-') && !onlyArguments) noteOption(place, word)
    else if (!descend(place, word)) place.given += 1
  }
  return place
}

function noteOption(place: Place, word: string): void {
  const [flag, value] = word.split(/=(.*)/s, 2)
  const option = place.command.options.find(({ long, short }) => long === flag || short === flag)
  if (flag === '--home' && value !== undefined) place.home = value
  if (option !== undefined && value === undefined && option.required) place.awaiting = option
}

function descend(place: Place, word: string): boolean {
  const next = place.command.commands.find((command) => command.name() === word)
  if (next === undefined || place.given > 0) return false
  place.command = next
  place.path.push(word)
  return true
}

async function inPlace(place: Place, current: string, lookUp: LookUp): Promise<string[]> {
  const { command, awaiting, path, given, home } = place
  if (awaiting !== undefined) return valuesOf(awaiting, awaiting.long ?? '', home, lookUp)
  const help = command.createHelp()
  if (current.startsWith('-')) return help.visibleOptions(command).flatMap(({ long }) => long ?? [])
  const commands = given > 0 ? [] : help.visibleCommands(command).map((each) => each.name())
  if (commands.length > 0) return commands
  const argument = argumentAt(command, given)
  if (argument === undefined) return []
  const key = [...path, argument.name()].join(' ')
  return valuesOf(argument, Object.hasOwn(named, key) ? key : argument.name(), home, lookUp)
}

function argumentAt({ registeredArguments }: Command, at: number): Argument | undefined {
  const last = registeredArguments.at(-1)
  return registeredArguments[at] ?? (last?.variadic === true ? last : undefined)
}

async function valuesOf(
  { argChoices }: { argChoices?: readonly string[] | undefined },
  key: string,
  home: string | undefined,
  lookUp: LookUp,
): Promise<string[]> {
  if (argChoices !== undefined) return [...argChoices]
  const what = Object.hasOwn(named, key) ? named[key] : undefined
  return what === undefined ? [] : [...(await lookUp(what, home))]
}
