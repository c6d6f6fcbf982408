"""A second reader, written from docs/internals/repository-format.md alone: python3 second-reader.py REPOSITORY DATE FILE

Restores the newest backup that is not later than the date to FILE. Checks on the way all that the page speaks of; what
differs ends it with an AssertionError.
"""
import hashlib
import json
import os
import re
import struct
import sys
import zlib

DATA_FILE = re.compile(r'^(\d{4}(?:-\d\d){5})\.(delta)?fs(z)?$')
LARGEST_MEMBER = 1052672


def main(repository, date, target):
    chain = chain_of(repository, date)
    lines = lines_of_dat(f'{repository}/{chain[0][0]}.dat')
    with open(target, 'wb') as restored:
        for stamp, _, is_gzip, name in chain:
            content = read(f'{repository}/{name}')
            record = record_of(repository, stamp, stored=content)
            assert record['stored']['name'] == name
            assert (record['start'], record['end'], record['md5']) == lines[name]
            if is_gzip:
                content = b''.join(zlib.decompress(member, 31) for member in members_of(content))
            check_content(content, record)
            check_blobs(repository, stamp, record)
            restored.write(content)


def chain_of(repository, date):
    """A full backup, and the increments behind it."""
    names = sorted(os.listdir(repository))
    assert not any(name.endswith('.removing') for name in names)
    matches = (DATA_FILE.match(name) for name in names)
    files = [(*match.groups(), match.string) for match in matches if match and match[1] <= date]
    full = [file for file in files if not file[1]][-1]
    return [full] + [file for file in files if file[1] and file[0] > full[0]]


def lines_of_dat(path):
    lines = {}
    text = read(path).decode()
    assert text.endswith('\n')
    previous_end = 0
    for line in text.splitlines():
        path, start, end, md5 = line.rsplit(' ', 3)
        assert int(start) == previous_end
        previous_end = int(end)
        lines[path.rsplit('/', 1)[-1]] = (int(start), int(end), md5)
    return lines


def record_of(repository, stamp, stored):
    record = json.loads(read(f'{repository}/{stamp}.json'))
    assert record['format'] in (1, 2)
    assert record['stored']['sizeBytes'] == len(stored)
    assert record['stored']['sha256'] == sha256(stored)
    index = read(f'{repository}/{stamp}.index')
    assert record['index'] == {'sizeBytes': len(index), 'sha256': sha256(index)}
    return record


def members_of(content):
    """Each member says how long it is: it could be given to another core."""
    position = 0
    while position < len(content):
        header = content[position : position + 20]
        assert header[:4] == b'\x1f\x8b\x08\x04' and header[10:16] == b'\x08\x00ZV\x04\x00'
        (length,) = struct.unpack('<I', header[16:])
        assert 20 < length <= LARGEST_MEMBER
        yield content[position : position + length]
        position += length


def check_content(content, record):
    start, end = record['start'], record['end']
    assert len(content) == end - start
    assert hashlib.md5(content).hexdigest() == record['md5']
    assert record['samples'][-1]['end'] == end
    for sample in record['samples']:
        assert sha256(content[sample['start'] - start : sample['end'] - start]) == sample['sha256']


def check_blobs(repository, stamp, record):
    """The mark leads to a copy of the same moment, of which each file has its checksum."""
    assert record['blobs']['folder']
    entry = json.loads(read(f'{repository}/{stamp}.complete.json'))['blobs']
    blobs = json.loads(read(f'{entry}/.zodbvault.json'))
    assert blobs['format'] == 1 and blobs['stamp'] == stamp
    assert blobs['repository'] == json.loads(read(f'{repository}/.zodbvault.id.json'))['id']
    sums = read(f'{entry}/.zodbvault.sums')
    assert blobs['sums'] == {'sizeBytes': len(sums), 'sha256': sha256(sums)}
    base = os.path.basename(entry).rsplit('.', 1)[0]
    paths = []
    for line in sums.decode('ascii').splitlines():
        digest, path = line.split('  ', 1)
        assert sha256(read(f'{entry}/{base}/{path}')) == digest
        paths.append(path)
    assert paths == sorted(paths) and len(paths) == blobs['content']['files']


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


if __name__ == '__main__':
    main(*sys.argv[1:])
