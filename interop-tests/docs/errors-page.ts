/** docs/reference/errors.md: the closed list of codes, and the codes of our own errors with the comments beside them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allCodes, codes, httpStatus } from '@hansa/protocols'
import { repository } from './pages.ts'

type OwnCode = { code: string; meaning: string }
type OwnError = { name: string; path: string; meaning: string; codes: OwnCode[] }

const UNION = /export type \w+Error(?:Detail|Code) =[\s\S]*?(?=\n(?:export|function|const|\/\*\*|class)\b|\n\/\*\*)/g
const CODE =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:\|\s*)?(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:\{\s*code: )?'([a-z][a-z_]+)'/g
const CLASS = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export class (\w+) extends KernelError</

/** What helps besides the message, for the codes that people meet most. */
const remedies: Readonly<Record<string, string>> = {
  key_file_missing: 'Restore the file from a backup; see `hansa doctor`. A new key is a new identity.',
  key_file_exposed: '`chmod 600` the file, find out who could read it, and replace the key if anyone did.',
  key_file_malformed: 'Restore the file from a backup.',
  key_file_exists: 'Nothing: a key is never written over. Choose another directory.',
  home_missing: 'Make a node with `hansa init`, or name its directory with `--home`.',
  home_closed: 'Use the account that owns the directory, such as `sudo -u hansa`.',
  home_exists: 'Use the node that is there, or choose another directory.',
  home_newer: 'Install the version of hansa that wrote it, or a later one.',
  config_invalid: 'Correct each line that the message names; `hansa doctor` checks again.',
  config_missing: 'Write `hansa.yaml`, or make a node with `hansa init`.',
  node_running: 'Stop the node that runs there first.',
  node_not_running: 'Start it with `hansa up`.',
  not_permitted: 'Use the account that the node runs under, or its token.',
  log_full: 'Make room on the disk, or raise `limits.log_max_gib`. Nothing is done while nothing can be recorded.',
  log_locked: 'Stop the other process that has the log open.',
  log_corrupt: 'Find the place with `hansa verify`, keep a copy as evidence, restore from a backup.',
  log_rolled_back: 'Restore the newest copy of the directory. A log that lost entries does not sign again.',
  log_foreign: 'Put the log back beside the keys that it belongs to.',
  tiles_foreign: 'Write the tiles of each log into a directory of its own.',
  log_missing: 'Name the directory that holds `log/`.',
  log_broken: 'Look at the disk, then start the node again: it keeps what was durable.',
  database_locked: 'Stop the other process that holds the file.',
  database_unreachable: 'Check the path, or that the server answers.',
  database_newer: 'Run the version that migrated it, or a later one.',
  address_in_use: 'Choose another port with `listen`, or stop who listens there.',
  address_unusable: 'Choose an address of this machine.',
  token_missing: 'Give `token` or `tokenFile`, or connect over the socket.',
  credential_missing: 'Put what `hansa agent add` printed into that file.',
  bad_credential: 'Copy the credential again, or make another with `hansa agent add`.',
  bad_url: 'Give `unix:/path` or `http://127.0.0.1:PORT`.',
  not_a_node: 'Stop what answers there, and start a node of this version.',
  connection_lost: 'See whether the node still runs with `hansa status`, then ask again.',
  closed: 'Connect again.',
  busy: 'Try again in a moment; look at the disk if it stays so.',
  log_closed: 'Start the node again; its log says what stopped it.',
  store_corrupt: 'Restore `state.db` from a backup.',
  cancelled: 'Give the call a longer deadline.',
  driver_failed: 'Look into the log of the node: the handler of the capability threw.',
  arguments_unusable: 'Correct the template of the capability in `hansa.yaml`.',
  answer_unusable: 'Correct what the backend answers, or the output schema.',
  answer_too_large: 'Ask for less, or let the backend answer in pages.',
  backend_failed: 'Look into the log of the backend.',
  backend_gone: 'Start the backend; the node connects again by itself.',
  transaction_conflict: 'Run the transaction again from its start.',
  database_failed: 'Look at the disk and at the code of the engine.',
  unreachable: 'Check the network, and `allow_private` for addresses that are not public.',
}

export function errorsPage(): string {
  const advice = cliRemedies()
  const rows = allCodes.map((code) => {
    const { meaning, fault, retry } = codes[code]
    return `| \`${code}\` | ${meaning} | ${httpStatus[code]} | ${fault} | ${retry ? 'yes' : 'no'} | ${cell(advice.get(code) ?? '')} |`
  })
  return [
    '# Errors',
    '',
    '<!-- Generated from the code by `npm run -s docs:generate`. Do not edit. -->',
    '',
    'An error says what happened and what to do. Programs compare `detail.code`; `--json` prints it as `error.code`.',
    '',
    '## Codes between kernels',
    '',
    'The list is closed: no other code crosses a wire, and none carries a reason. The reason is in the log of the kernel that refused, under the denial id. "Again" says whether the same request can succeed later without anyone changing anything.',
    '',
    '| code | meaning | HTTP | whose | again | what to do |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '## Codes of one kernel',
    '',
    'These are thrown, or printed, where they happen, and never leave the machine.',
    ...ownErrors().flatMap(section),
    '',
  ].join('\n')
}

function section({ name, path, meaning, codes: own }: OwnError): string[] {
  return [
    '',
    `### ${name}`,
    '',
    `${meaning === '' ? '' : `${meaning} `}[Source](../../${path}).`,
    '',
    '| code | when | what to do |',
    '|---|---|---|',
    ...own.map(
      ({ code, meaning: when }) => `| \`${code}\` | ${cell(when)} | ${remedies[code] ?? 'The message says it.'} |`,
    ),
  ]
}

/** Every class of errors of the packages, with the codes of its union, read from the source. */
export function ownErrors(): OwnError[] {
  return globSync('*/src/**/*.ts', { cwd: repository, exclude: ['**/*.test.ts', '**/dist/**', '**/node_modules/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .flatMap((path) => {
      const text = readFileSync(join(repository, path), 'utf8')
      const declared = CLASS.exec(text)
      const union = text.match(UNION)?.join('\n')
      if (declared === null || union === undefined || declared[2] === 'CallError') return []
      const own = [...union.matchAll(CODE)].map(([, above, before, code = '']) => ({
        code,
        meaning:
          prose(before ?? above ?? '') || `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('_', ' ')}.`,
      }))
      return [{ name: declared[2] ?? '', path, meaning: prose(declared[1] ?? ''), codes: unique(own) }]
    })
}

/** What the command line says about each code between kernels. */
function cliRemedies(): Map<string, string> {
  const text = readFileSync(join(repository, 'node/src/cli/faults.ts'), 'utf8')
  const table = /export const remedies[\s\S]*?\n}/.exec(text)?.[0] ?? ''
  return new Map(
    [...table.matchAll(/^ {2}(\w+):\s*'((?:[^'\\]|\\.)*)'/gm)].map(([, code = '', said = '']) => [code, said]),
  )
}

function unique(own: OwnCode[]): OwnCode[] {
  return [...new Map(own.map((one) => [one.code, one])).values()]
}

/** Without what only tools read. */
function prose(comment: string): string {
  return comment
    .replaceAll(/^\s*\* ?/gm, ' ')
    .replaceAll(/@\w+[\s\S]*$/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
