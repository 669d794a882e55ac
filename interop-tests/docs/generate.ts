/**
 * Writes the pages that are derived from the code: `npm run -s docs:generate`. A test refuses a page that is not what
 * this would write.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { configJsonSchema } from '@hansa/node'
import { controlOpenApi, registryOpenApi } from '@hansa/protocols'
import { configurationPage } from './configuration-page.ts'
import { errorsPage } from './errors-page.ts'
import { logEventsPage } from './log-events-page.ts'
import { logFormatPage } from './log-format-page.ts'
import { metricsPage } from './metrics-page.ts'
import { repository } from './pages.ts'
import { protocolMappingPage } from './protocol-mapping-page.ts'

export type GeneratedPage = {
  /** From the root of the repository. */
  path: string
  text(): string | Promise<string>
}

/** A page that is derived from the code gets a line here. */
export const generatedPages: readonly GeneratedPage[] = [
  { path: 'protocols/openapi/control.json', text: () => `${JSON.stringify(controlOpenApi(), null, 2)}\n` },
  { path: 'protocols/openapi/registry.json', text: () => `${JSON.stringify(registryOpenApi(), null, 2)}\n` },
  { path: 'docs/reference/errors.md', text: errorsPage },
  { path: 'docs/reference/log-events.md', text: logEventsPage },
  { path: 'docs/reference/metrics.md', text: metricsPage },
  { path: 'docs/reference/log-format.md', text: logFormatPage },
  { path: 'docs/reference/configuration.md', text: configurationPage },
  { path: 'docs/reference/protocol-mapping.md', text: protocolMappingPage },
  { path: 'node/hansa.schema.json', text: () => `${JSON.stringify(configJsonSchema(), null, 2)}\n` },
]

if (import.meta.main) {
  for (const { path, text } of generatedPages) {
    await mkdir(dirname(join(repository, path)), { recursive: true })
    await writeFile(join(repository, path), await text())
  }
}
