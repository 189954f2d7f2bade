import { crc32, deflateRawSync } from "node:zlib";

export interface Member {
  readonly name: string;
  readonly bytes: Buffer | string;
  /** Of a tar: `0` is a file, `2` a link, `3` a device. */
  readonly type?: string;
}

/** A tar (ustar; longer names by GNU's header for them). */
export function tarOf(members: readonly Member[]): Buffer {
  return Buffer.concat([...members.flatMap(tarMember), Buffer.alloc(1024)]);
}

function tarMember({ name, bytes, type = "0" }: Member): Buffer[] {
  const long =
    Buffer.byteLength(name) > 100 ? tarMember({ name: "././@LongLink", bytes: `${name}\0`, type: "L" }) : [];
  const body = Buffer.from(bytes);
  const header = Buffer.alloc(512);
  header.write(name.slice(0, 100), 0);
  header.write("0000644\0", 100);
  header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\0", 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [...long, header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}

/** A zip, its members deflated. With `copies` its directory names each of them so often: they overlap. */
export function zipOf(members: readonly Member[], copies = 1): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes } of members) {
    const body = Buffer.from(bytes);
    const packed = deflateRawSync(body, { level: 9 });
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(body), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(body.length, 18);
    facts.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("504b0304", "hex"), facts, Buffer.from(name), packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    const entry = Buffer.concat([Buffer.from("504b01021400", "hex"), facts, place, Buffer.from(name)]);
    for (let copy = 0; copy < copies; copy++) directory.push(entry);
    locals.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("504b0506", 0, "hex");
  end.writeUInt16LE(directory.length & 0xffff, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, listed, end]);
}
