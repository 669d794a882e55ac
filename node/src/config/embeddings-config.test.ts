import { expect, it } from 'vitest'
import { parseConfig } from './parse-config.ts'

const parse = (text: string) => parseConfig(text, '/home/hansa.yaml', 'hansa.yaml')
const embeddingsOf = (text: string) => {
  const reading = parse(text)
  return reading.ok
    ? reading.config.embeddings
    : reading.faults.map(({ line, key, reason }) => `${line} ${key}: ${reason}`)
}

it('names nobody who turns texts into vectors, unless the file does', () => {
  expect(embeddingsOf('name: a')).toBeUndefined()
  expect(embeddingsOf('search: {}')).toBeUndefined()
  const text = `search:
  embeddings: { url: https://api.example/v1/embeddings, model: small, key_file: keys/e.key, capabilities: 9 }
`
  expect(embeddingsOf(text)).toEqual({
    ...{ url: 'https://api.example/v1/embeddings', model: 'small' },
    ...{ keyFile: '/home/keys/e.key', maxVectors: 9 },
  })
})

it('says what would let a server on this machine be asked', () => {
  const text = 'search: { embeddings: { url: http://127.0.0.1:11434/v1/embeddings, model: small } }'
  expect(embeddingsOf(text)).toEqual([expect.stringContaining('allow_private')])
  expect(embeddingsOf(`allow_private: [127.0.0.1]\n${text}`)).toMatchObject({ model: 'small' })
})
