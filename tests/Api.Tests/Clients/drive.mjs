// Drives a server with two public clients as their own documentation does. Exits 1 with the first thing that is not as it should be.
import assert from 'node:assert/strict';
import kit from 'fhir-kit-client';
import smart from 'fhirclient';

const [base, number] = process.argv.slice(2);
const Client = kit.default ?? kit;
const nhs = 'https://fhir.nhs.uk/Id/nhs-number';
const observation = (value) => ({
  resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'http://snomed.info/sct', code: '27113001' }] },
  subject: { reference: `Patient/${number}` }, effectiveDateTime: '2025-01-01', valueQuantity: { value, unit: 'kg' },
});

async function fhirKit() {
  const client = new Client({ baseUrl: base });
  assert.equal((await client.capabilityStatement()).fhirVersion, '4.0.1');
  const patient = await client.update({ resourceType: 'Patient', id: number, body: {
    resourceType: 'Patient', id: number, identifier: [{ system: nhs, value: number }], name: [{ family: 'Client' }], birthDate: '1950-01-01' } });
  assert.equal(patient.id, number);
  const created = await client.create({ resourceType: 'Observation', body: observation(70) });
  assert.ok(created.id);
  assert.equal((await client.read({ resourceType: 'Observation', id: created.id })).valueQuantity.value, 70);
  const patched = await client.patch({ resourceType: 'Observation', id: created.id, JSONPatch: [{ op: 'replace', path: '/status', value: 'amended' }] });
  assert.equal(patched.status, 'amended');
  assert.equal((await client.vread({ resourceType: 'Observation', id: created.id, version: '1' })).status, 'final');
  assert.equal((await client.resourceHistory({ resourceType: 'Observation', id: created.id })).total, 2);
  assert.ok((await client.typeHistory({ resourceType: 'Observation' })).entry.length >= 2);

  const entry = [1, 2, 3, 4].map((n) => ({ resource: observation(n), request: { method: 'POST', url: 'Observation' } }));
  const done = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } });
  assert.deepEqual(done.entry.map((e) => e.response.status), Array(4).fill('201 Created'));
  assert.equal((await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${number}` } }] } })).entry[0].resource.id, number);

  const seen = [];
  let page = await client.search({ resourceType: 'Observation', searchParams: { patient: number, _count: 2 } });
  while (page) {
    seen.push(...(page.entry ?? []).map((e) => e.resource.id));
    page = page.link.some((l) => l.relation === 'next') ? await client.nextPage({ bundle: page }) : null;
  }
  assert.equal(new Set(seen).size, 5);
  assert.equal(seen.length, 5);
  assert.equal((await client.search({ resourceType: 'Patient', searchParams: { identifier: `${nhs}|${number}` }, options: { postSearch: true } })).total, 1);
  assert.equal((await client.operation({ name: 'everything', resourceType: 'Patient', id: number, method: 'GET' })).total, 6);
  assert.equal((await client.operation({ name: 'validate', resourceType: 'Observation', input: observation(1) })).issue[0].severity, 'information');
  await client.delete({ resourceType: 'Observation', id: created.id });
  await assert.rejects(client.read({ resourceType: 'Observation', id: created.id }), (e) => e.response.status === 410);
}

async function fhirClient() {
  const client = smart({ headers: {}, url: '/' }, {}).client({ serverUrl: base });
  assert.equal((await client.request(`Patient/${number}`)).id, number);
  const all = await client.request(`Observation?patient=${number}&_count=1`, { pageLimit: 0, flat: true });
  assert.equal(all.length, 4);
  const resolved = await client.request(`Observation/${all[0].id}`, { resolveReferences: ['subject'] });
  assert.equal(resolved.subject.id, number);
  const made = await client.create(observation(9));
  assert.equal((await client.update({ ...made, status: 'corrected' })).meta.versionId, '2');
  await client.patch(`Observation/${made.id}`, [{ op: 'replace', path: '/status', value: 'amended' }]);
  await client.delete(`Observation/${made.id}`);
}

await fhirKit();
await fhirClient();
console.log('both clients are content');
