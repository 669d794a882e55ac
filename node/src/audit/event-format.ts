/** The formats in which entries leave for other systems. */
import type { ExportedEntry, ExportedFrom } from './exported-entry.ts'
import { ocsfEvent } from './ocsf-event.ts'
import { otlpLogs } from './otlp-logs.ts'

export type EventFormat = {
  /** Of a POST whose body are the documents, each on a line of its own. */
  contentType: string
  /** JSON documents for some entries, at least one. */
  documents(entries: readonly ExportedEntry[], from: ExportedFrom): readonly unknown[]
}

export const eventFormats = {
  ocsf: {
    contentType: 'application/x-ndjson',
    documents: (entries, from) => entries.map((entry) => ocsfEvent(entry, from)),
  },
  otlp: {
    contentType: 'application/json',
    documents: (entries, from) => [otlpLogs(entries, from)],
  },
} as const satisfies Record<string, EventFormat>
export type EventFormatName = keyof typeof eventFormats
