import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import type { EventFormat, EventFormatName } from '../../audit/event-format.ts'
import type { ExportedEntry, ExportedFrom } from '../../audit/exported-entry.ts'
import type { LogCursor, ReadableLog } from '../../audit/signed-entries.ts'
import type { Cli, Invocation } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { MOMENT_HELP, type Moment, moment } from '../moment.ts'
import { integer } from '../options.ts'
import { counted } from '../table.ts'

type Options = {
  as: EventFormatName
  from?: number
  since?: Moment
  call?: string
  follow?: boolean
  cursor?: string
  out?: string
  to?: string
  headers?: string
}

/** Entries in one request, and in one document of OTLP. */
const BATCH = 512

export function auditEventsCommand(cli: Cli): Command {
  return cli
    .command('events', {
      summary: 'write the log as OCSF events or OpenTelemetry logs, to a file or a collector',
      description:
        'Writes the entries that are under a signed checkpoint, one JSON document on each line, to standard output, a file or a collector. Each event has the origin, sequence number and leaf hash of its entry. With --cursor the next run goes on where this one stopped. Names, decisions and hashes only: no arguments, no results. Works with the node running or not.',
      examples: [
        'hansa audit events --since 1d --out yesterday.ocsf.jsonl',
        'hansa audit events --as otlp --to http://127.0.0.1:4318/v1/logs --follow --cursor ~/otlp.cursor',
        "hansa audit events --call 2f6oYQwqv1mWm1Kc8xLh0g | jq -r '[.time, .message] | @tsv'",
      ],
    })
    .addOption(
      new Option('--as <format>', 'ocsf: OCSF 1.5 events; otlp: OpenTelemetry logs')
        .choices(['ocsf', 'otlp'])
        .default('ocsf', 'ocsf'),
    )
    .option('--from <seq>', 'first entry of the log that is written; not with --cursor', integer('--from', 0, 1e12))
    .option('--since <time>', `only entries since then: ${MOMENT_HELP}`, moment('--since'))
    .option('--call <id>', 'only the entries of one call')
    .option('-f, --follow', 'go on with what comes, until interrupted')
    .option('--cursor <file>', 'where it is noted how far this has come; made when it is not there')
    .option('--out <file>', 'a file that the documents are added to; not with --to')
    .option('--to <url>', 'a collector that takes them over HTTP; tried again while it is away')
    .option('--headers <file>', 'headers for the collector, `Name: value` on each line; credentials belong here')
    .action(cli.action<Options>(run))
}

async function run(invocation: Invocation<Options>): Promise<undefined> {
  const { home, print, stderr, options } = invocation
  if (options.out !== undefined && options.to !== undefined) throw usage('Give --out or --to, not both.')
  if (options.cursor !== undefined && options.from !== undefined)
    throw usage('The cursor says where to begin: --from does not go with --cursor.')
  if (options.headers !== undefined && options.to === undefined) throw usage('--headers goes with --to.')
  const { callsOf } = await import('@hansa/protocols')
  const { eventFormats } = await import('../../audit/event-format.ts')
  const { shipEvents } = await import('../../audit/ship-events.ts')
  const { readableLogs } = await import('../readable-logs.ts')
  const { systemClock: clock } = await import('../../system-clock.ts')
  const { VERSION } = await import('../../version.ts')
  const { progress } = await import('../progress.ts')
  const { did, logs } = await readableLogs(home)
  const after = await beginning(options, await logs())
  await using place = await openPlace(invocation, eventFormats[options.as], { did, version: VERSION }, clock)
  const since = options.since?.(clock.now())
  const line = await progress(print, stderr, 'Reading the log')
  let written = 0
  try {
    const keep = await keeper(options.cursor)
    await shipEvents({
      logs,
      ...(after === undefined ? {} : { after }),
      batch: BATCH,
      wanted: ({ entry }) =>
        entry.t_ms >= (since ?? 0) && (options.call === undefined || callsOf(entry).includes(options.call)),
      deliver: async (entries) => {
        await place.take(entries)
        written += entries.length
        line.show(`${counted(written, 'event')}`)
      },
      ...(keep === undefined ? {} : { keep }),
      ...(options.follow === true ? { follow: place.signal } : {}),
      clock,
    })
  } finally {
    line.stop()
  }
  print.note((style) =>
    style.dim(`${counted(written, 'event')}${place.where === undefined ? '' : ` to ${place.where}`}.`),
  )
  return undefined
}

async function beginning({ cursor, from }: Options, logs: readonly ReadableLog[]): Promise<LogCursor | undefined> {
  const current = logs.at(-1)
  if (from !== undefined && current !== undefined) return { origin: current.origin, next: from }
  if (cursor === undefined) return undefined
  const { readCursor } = await import('../../audit/event-cursor.ts')
  const noted = await readCursor(cursor)
  if (noted === undefined || logs.some(({ origin }) => origin === noted.origin)) return noted
  throw usage(`The cursor in ${cursor} is of ${noted.origin}, which is no log of this node.`)
}

async function keeper(file: string | undefined) {
  if (file === undefined) return undefined
  const { writeCursor } = await import('../../audit/event-cursor.ts')
  return (cursor: LogCursor) => writeCursor(file, cursor)
}

type Place = AsyncDisposable & {
  take(entries: readonly ExportedEntry[]): Promise<void>
  /** Aborted when this process is told to end. */
  signal: AbortSignal
  /** For people; undefined for standard output. */
  where: string | undefined
}

async function openPlace(
  { options, print }: Invocation<Options>,
  format: EventFormat,
  from: ExportedFrom,
  clock: Clock,
): Promise<Place> {
  const { untilInterrupted } = await import('../interruption.ts')
  const interrupted = untilInterrupted()
  const { signal } = interrupted
  const { to: url, out } = options
  if (url !== undefined) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) throw usage(`--to: ${JSON.stringify(url)} is not an http(s) URL.`)
    const { postEvents } = await import('../../audit/post-events.ts')
    const headers = await readHeaders(options.headers)
    const init = { url, contentType: format.contentType, headers, clock, signal }
    const take = (entries: readonly ExportedEntry[]) => postEvents(format.documents(entries, from), init)
    return {
      take,
      signal,
      where: new URL(url).origin,
      [Symbol.asyncDispose]: async () => interrupted[Symbol.dispose](),
    }
  }
  const file = out === undefined ? undefined : await openFile(out)
  return {
    async take(entries) {
      const documents = format.documents(entries, from)
      if (file === undefined) for (const one of documents) print.result(one, () => JSON.stringify(one))
      else await file.appendFile(documents.map((one) => `${JSON.stringify(one)}\n`).join(''))
      // A cursor must not be ahead of what a crash leaves in the file.
      if (options.cursor !== undefined) await file?.datasync()
    },
    signal,
    where: out,
    async [Symbol.asyncDispose]() {
      interrupted[Symbol.dispose]()
      await file?.close()
    },
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const { open } = await import('node:fs/promises')
  return open(path, 'a', 0o600)
}

async function readHeaders(file: string | undefined): Promise<Record<string, string>> {
  if (file === undefined) return {}
  const { readGivenFile } = await import('../read-given-file.ts')
  const lines = (await readGivenFile(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line, at) => {
      const [, name, value] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(line.trimEnd()) ?? []
      if (name === undefined || value === undefined)
        throw failed(`${file}:${at + 1} is not a header of the form Name: value.`)
      return [name.toLowerCase(), value]
    }),
  )
}
