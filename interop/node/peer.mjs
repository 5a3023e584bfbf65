// Runs one of the npm peers: as a server that acknowledges, or as a client that sends.
//
//   node peer.mjs serve PEER PORT          says "listening", then acknowledges every message
//   node peer.mjs send PEER PORT FILE      sends each message of FILE (JSON: a list of texts),
//                                          prints MSA-1 and MSA-2 of each answer on a line
//
// PEER is simple-hl7, medplum or node-hl7.

import { readFileSync } from "node:fs";

const [mode, peer, portText, file] = process.argv.slice(2);
const port = Number(portText);
const host = "127.0.0.1";

const listening = () => console.log("listening");
const answered = (code, id) => console.log(`${code} ${id}`);

const servers = {
  async "simple-hl7"() {
    const { default: hl7 } = await import("simple-hl7");
    const app = hl7.tcp();
    app.use((_request, response) => response.end());
    app.start(port);
    listening();
  },
  async medplum() {
    const { Hl7Server } = await import("@medplum/hl7");
    const server = new Hl7Server((connection) => {
      connection.addEventListener("message", ({ message }) => connection.send(message.buildAck()));
    });
    await server.start(port);
    listening();
  },
  async "node-hl7"() {
    const { Server } = await import("node-hl7-server");
    const server = new Server({ bindAddress: host });
    const inbound = server.createInbound({ port }, async (_request, response) => {
      await response.sendResponse("AA");
    });
    inbound.on("listen", listening);
  },
};

const clients = {
  async "simple-hl7"(messages) {
    const { default: hl7 } = await import("simple-hl7");
    const client = hl7.Server.createTcpClient({ host, port, keepalive: true, callback() {} });
    const parser = new hl7.Parser();
    for (const text of messages) {
      await new Promise((resolve, reject) => {
        client.send(parser.parse(text), (error, ack) => {
          if (error) return reject(error);
          const msa = ack.getSegment("MSA");
          answered(msa.getField(1), msa.getField(2));
          resolve();
        });
      });
    }
    client.close();
  },
  async medplum(messages) {
    const { Hl7Client } = await import("@medplum/hl7");
    const { Hl7Message } = await import("@medplum/core");
    const client = new Hl7Client({ host, port, keepAlive: true });
    for (const text of messages) {
      const ack = await client.sendAndWait(Hl7Message.parse(text));
      const msa = ack.getSegment("MSA");
      answered(msa.getField(1).toString(), msa.getField(2).toString());
    }
    await client.close();
  },
  async "node-hl7"(messages) {
    const { default: Client, Message } = await import("node-hl7-client");
    const client = new Client({ host, version: "2.5.1" });
    let heard;
    const connection = client.createConnection({ port, autoResend: false }, async (response) => {
      const message = response.getMessage();
      answered(message.get("MSA.1").toString(), message.get("MSA.2").toString());
      heard();
    });
    for (const text of messages) {
      const answer = new Promise((resolve) => (heard = resolve));
      await connection.sendMessage(new Message({ text }));
      await answer;
    }
    await connection.close();
  },
};

try {
  if (mode === "serve") await servers[peer]();
  else {
    await clients[peer](JSON.parse(readFileSync(file, "utf8")));
    process.exit(0);
  }
} catch (error) {
  console.error(error);
  process.exit(1);
}
