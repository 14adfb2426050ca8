// Starts the real gateway in front of the upstream simulator, both on ports of their
// own choosing, and stops them again.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, existsSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const source = resolve(import.meta.dirname, '../..');
const build = resolve(process.env.TOLLGATE_BUILD_DIR ?? join(source, 'build/dev'));

// Any behaviour of the simulator by its name, beside the demo's models.
const mocks = `
  - name: mock/*
    targets: [{provider: openrouter, model: "mock/*", price: {usd_per_million_input: 1, usd_per_million_output: 2}}]
`;

async function portsFrom(file, child) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode} before listening`);
    if (existsSync(file)) {
      const text = readFileSync(file, 'utf8');
      if (text.endsWith('\n')) return text;
    }
    await pause(10);
  }
  throw new Error(`${file} did not appear`);
}

async function stop(child) {
  if (child.exitCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await gone;
}

export async function startGateway() {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-clients-'));
  const key = `tg-${randomBytes(24).toString('hex')}`;

  const simulatorPorts = join(dir, 'simulator.ports');
  const simulator = spawn(join(build, 'tests/support/upstream_simulator/upstream-simulator'),
    ['--port', '0', '--port-file', simulatorPorts], { stdio: ['ignore', 'ignore', 'inherit'] });
  const upstream = (await portsFrom(simulatorPorts, simulator)).match(/\d+/)[0];

  const env = { ...process.env, TOLLGATE_DEMO_KEY_SHA256: createHash('sha256').update(key).digest('hex') };
  const at = `http://127.0.0.1:${upstream}`;
  Object.assign(env, {
    REKA_BASE_URL: `${at}/reka/v1`, REKA_API_KEY: 'sim-reka-key', REKA_SIMULATED: 'true',
    OPENROUTER_BASE_URL: `${at}/openrouter/api/v1`, OPENROUTER_API_KEY: 'sk-or-v1-sim', OPENROUTER_SIMULATED: 'true',
    HAIMAKER_BASE_URL: `${at}/haimaker/v1`, HAIMAKER_API_KEY: 'sk-sim', HAIMAKER_SIMULATED: 'true',
    ONPREM_BASE_URL: `${at}/onprem/v1`, ONPREM_SIMULATED: 'true',
    TOLLGATE_LISTEN: '127.0.0.1:0', TOLLGATE_ADMIN_LISTEN: '127.0.0.1:0',
  });
  const config = join(dir, 'clients.yaml');
  const demo = readFileSync(join(source, 'config/demo.yaml'), 'utf8');
  writeFileSync(config, demo.replaceAll('prices/', `${join(source, 'config')}/prices/`) + mocks);

  const gatewayPorts = join(dir, 'gateway.ports');
  const gateway = spawn(join(build, 'gateway/tollgate'),
    ['serve', '--config', config, '--port-file', gatewayPorts],
    { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ports = await portsFrom(gatewayPorts, gateway);
  const port = ports.match(/client=(\d+)/)[1];
  return {
    key,
    origin: `http://127.0.0.1:${port}`,
    baseURL: `http://127.0.0.1:${port}/v1`,
    admin: `http://127.0.0.1:${ports.match(/admin=(\d+)/)[1]}`,
    upstream: at,
    async stop() {
      await stop(gateway);
      await stop(simulator);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
