/**
 * Capabilities of others as people and models may read them: titles, descriptions and the prose of schemas, screened.
 * What is called, pinned and compared is the descriptor as it was signed.
 */
import { LRUCache } from 'lru-cache'
import { type Detectors, screenDescription, screenSchemaProse } from '../firewall/index.ts'
import type { OpenCapability } from './open-capabilities.ts'

/** More than are described at one time. */
const MAX_REMEMBERED = 8_192

type Shown = { title: string; description: string; input_schema: string; output_schema?: string }

export class ShownCapabilities {
  readonly #detectors: Detectors
  /** By what was screened: a hash in a manifest is the word of whoever wrote it. */
  readonly #shown = new LRUCache<string, Shown>({ max: MAX_REMEMBERED, maxSize: 16_777_216, sizeCalculation: sizeOf })

  constructor(detectors: Detectors) {
    this.#detectors = detectors
  }

  of({ info, descriptor }: OpenCapability): OpenCapability {
    const { title, description, input_schema, output_schema } = descriptor
    const written = { title, description, input_schema, ...(output_schema === undefined ? {} : { output_schema }) }
    const { title: shownTitle, description: shownDescription, ...schemas } = this.#screened(written)
    return {
      info: { ...info, title: shownTitle, description: shownDescription },
      descriptor: { ...descriptor, title: shownTitle, description: shownDescription, ...schemas },
    }
  }

  #screened(written: Shown): Shown {
    const key = JSON.stringify(written)
    const known = this.#shown.get(key)
    if (known !== undefined) return known
    const read = (text: string) => screenDescription(text, this.#detectors).text
    const prose = (text: string) => screenSchemaProse(text, this.#detectors)
    const shown = {
      title: read(written.title),
      description: read(written.description),
      input_schema: prose(written.input_schema),
      ...(written.output_schema === undefined ? {} : { output_schema: prose(written.output_schema) }),
    }
    this.#shown.set(key, shown)
    return shown
  }
}

function sizeOf(shown: Shown, key: string): number {
  return key.length + JSON.stringify(shown).length
}
