/**
 * For the loader of modules, `import 'node:http'` reads every export of it, and two of these are getters that load Node's
 * copy of undici: 40 ms of each start, for nothing. What is bundled gets the exports that are values, by `require`, which
 * reads none.
 */
import http from 'node:http'
import type { Plugin } from 'rolldown'

const VIRTUAL = '\0http'

export function httpWithoutGetters(): Plugin {
  return {
    name: 'http-without-getters',
    resolveId(id, _importer, { kind }) {
      return (id === 'node:http' || id === 'http') && kind === 'import-statement' ? VIRTUAL : undefined
    },
    load(id) {
      if (id !== VIRTUAL) return undefined
      const descriptors = Object.entries(Object.getOwnPropertyDescriptors(http))
      const values = descriptors.flatMap(([name, { get }]) => (get === undefined ? [name] : []))
      return [
        `import { createRequire } from 'node:module'`,
        `const http = createRequire(import.meta.url)('node:http')`,
        'export default http',
        `export const { ${values.join(', ')} } = http`,
      ].join('\n')
    },
  }
}
