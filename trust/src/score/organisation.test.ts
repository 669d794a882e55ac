import type { Did } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { organisationOf } from './organisation.ts'

it.each<[Did, string]>([
  ['did:web:kernel.example.com', 'example.com'],
  ['did:web:OTHER.Example.com:path', 'example.com'],
  ['did:webvh:QmScid:a.b.example.com%3A8443', 'example.com'],
  ['did:webvh:QmScid:localhost', 'localhost'],
  ['did:web:10.0.0.7', '10.0.0.7'],
  ['did:key:z6Mk', 'did:key:z6Mk'],
])('takes %s for one of %s', (did, organisation) => {
  expect(organisationOf(did)).toBe(organisation)
})
