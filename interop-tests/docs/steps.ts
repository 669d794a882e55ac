/** What is to be done about each fence of a page: run it, write it, compile it, or leave it for a reason that is on the list. */
import type { Fence } from './fences.ts'

export type Expected = { line: number; text: string }

export type Step =
  | {
      kind: 'commands'
      fence: Fence /** Of the first line of `script`. */
      line: number
      script: string
      expected?: Expected
      exit: number
    }
  | { kind: 'file'; fence: Fence; path: string }
  | { kind: 'check'; fence: Fence; as: 'typescript' | 'yaml' | 'json' }
  | { kind: 'unrun'; fence: Fence; reason: string }

export type Faulty = { page: string; line: number; reason: string }

/**
 * Why a block is not run. A reason that is not here is refused; so is a block that says nothing and that nothing runs.
 */
export const reasonsNotToRun: Readonly<Record<string, string>> = {
  'needs-root': 'changes the machine: users, files of the system',
  'needs-systemd': 'needs a service manager',
  'needs-docker': 'needs a container engine',
  'needs-npm': 'installs from the registry of npm; interop-tests/packaging does it from tarballs',
  'needs-two-machines': 'names machines, or addresses, that are not this one',
  'needs-a-person': 'opens an editor, a browser or a terminal that somebody looks at',
  'needs-a-checkout': 'works on a checkout of the repository: npm test, npm run demo, npm run bench',
  drawing: 'a drawing made of characters',
  excerpt: 'part of what stands elsewhere, or of what a longer run printed',
}

const SHELL = new Set(['sh', 'console'])
const OUTPUT = new Set(['', 'text', 'json', 'yaml', 'console-output'])
const FILES = new Set(['js', 'mjs', 'ts', 'yaml', 'json', 'python', 'sh', 'ini', 'toml', 'Dockerfile', 'text'])
const KNOWN_MARKS = new Set(['no-run', 'exit', 'needs', 'stop'])

/** @returns steps in the order of the page, and every fence about which nothing would be done. */
export function stepsOf(fences: readonly Fence[]): { steps: Step[]; faults: Faulty[] } {
  const steps: Step[] = []
  const faults: Faulty[] = []
  let previous: Step | undefined
  for (const fence of fences) {
    const made = stepOf(fence, previous)
    if (typeof made === 'string') faults.push({ page: fence.page, line: fence.line, reason: made })
    else if (made !== undefined) steps.push(made)
    previous = typeof made === 'object' ? made : undefined
  }
  return { steps, faults }
}

/** @returns undefined where the fence is the output of the step before it, and a sentence where it is a fault. */
function stepOf(fence: Fence, previous: Step | undefined): Step | string | undefined {
  const { language, marks, text } = fence
  const unknown = [...marks.keys()].find((name) => !KNOWN_MARKS.has(name))
  if (unknown !== undefined) return `"${unknown}" is not one of ${[...KNOWN_MARKS].join(', ')}`
  const reason = marks.get('no-run')
  if (reason !== undefined) {
    if (!Object.hasOwn(reasonsNotToRun, reason))
      return `no-run=${reason} is not one of ${Object.keys(reasonsNotToRun).join(', ')}`
    return { kind: 'unrun', fence, reason }
  }
  const path = filePath(text)
  if (path !== undefined && FILES.has(language)) {
    if (path.split('/').includes('..')) return `${path} leaves the directory of the page`
    return { kind: 'file', fence, path }
  }
  if (SHELL.has(language)) return shellStep(fence)
  if (OUTPUT.has(language) && fence.adjoins && takesOutput(previous)) {
    if (previous?.kind === 'commands') previous.expected = { line: fence.line + 1, text }
    return undefined
  }
  if (language === 'ts') return { kind: 'check', fence, as: 'typescript' }
  if (language === 'yaml' || language === 'json') return { kind: 'check', fence, as: language }
  if (language === 'mermaid') return { kind: 'unrun', fence, reason: 'drawing' }
  if (language === '')
    return 'a block without a language is the output of the sh block right above it; this one has none'
  return `nothing runs a block of "${language}": give it a file name as its first line, or say no-run=REASON`
}

function takesOutput(previous: Step | undefined): boolean {
  if (previous?.kind === 'commands') return previous.expected === undefined && previous.fence.language === 'sh'
  return previous?.kind === 'unrun' && SHELL.has(previous.fence.language)
}

function shellStep(fence: Fence): Step | string {
  const exit = Number(fence.marks.get('exit') ?? 0)
  if (!Number.isInteger(exit)) return 'exit= wants a number'
  const line = fence.line + 1
  if (fence.language === 'sh') return { kind: 'commands', fence, line, script: fence.text, exit }
  const lines = fence.text.split('\n')
  if (!lines[0]?.startsWith('$ ')) return 'a console block starts with "$ command"'
  // Each command becomes one line in its place; what it prints follows, so the lines of the page stay what they are.
  const script = lines.map((text) => (text.startsWith('$ ') ? text.slice(2) : '')).join('\n')
  const output = lines.map((text) => (text.startsWith('$ ') ? '...' : text)).slice(1)
  return { kind: 'commands', fence, line, script, expected: { line: line + 1, text: output.join('\n') }, exit }
}

/** A block that begins with a comment naming a file is that file: `# orga/policy.yaml`, `// orga/capabilities.mjs`. */
export function filePath(text: string): string | undefined {
  return /^(?:#|\/\/) ((?:[\w.-]+\/)*[\w-][\w.-]*\.[a-z]{2,5}|(?:[\w.-]+\/)*(?:Dockerfile|[\w-]+\.service))\n/.exec(
    text,
  )?.[1]
}
