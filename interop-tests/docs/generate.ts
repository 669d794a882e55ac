/**
 * Writes the pages that are derived from the code: `npm run -s docs:generate`. A test refuses a page that is not what
 * this would write.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { controlOpenApi } from '@hansa/protocols'
import { errorsPage } from './errors-page.ts'
import { metricsPage } from './metrics-page.ts'
import { repository } from './pages.ts'

export type GeneratedPage = {
  /** From the root of the repository. */
  path: string
  text(): string | Promise<string>
}

/** A page that is derived from the code gets a line here. */
export const generatedPages: readonly GeneratedPage[] = [
  { path: 'protocols/openapi/control.json', text: () => `${JSON.stringify(controlOpenApi(), null, 2)}\n` },
  { path: 'docs/reference/errors.md', text: errorsPage },
  { path: 'docs/reference/metrics.md', text: metricsPage },
]

if (import.meta.main) {
  for (const { path, text } of generatedPages) {
    await mkdir(dirname(join(repository, path)), { recursive: true })
    await writeFile(join(repository, path), await text())
  }
}
