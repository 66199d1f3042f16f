"""The connections to providers: what an idle one says is not taken for an answer; proxies of the environment; TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from magic_proxy.upstream import ERRORS, NOT_REACHED, Upstream, _proxy

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request on a connection with the next of `says`; `None` ends the connection."""

    def __init__(self, *says: bytes | None) -> None:
        self.says, self.connections, self.asked = list(says), 0, list[bytes]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.says:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                if (said := self.says.pop(0)) is None:
                    break
                writer.write(said)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


async def asked(upstream: Upstream, url: str, silent: float = 5) -> bytes:
    async with upstream.ask("POST", url, {"x": "y"}, b"", silent) as answer:
        return b"".join([part async for part in answer.body])


async def test_a_connection_is_used_again() -> None:
    server, upstream = Server(*[ANSWER] * 3), Upstream()
    async with served(server) as url:
        assert [await asked(upstream, url) for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 1
        await upstream.aclose()


@pytest.mark.parametrize("unasked", [b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", b"\0", b""])
async def test_what_comes_unasked_is_no_answer_to_the_next(unasked: bytes) -> None:
    class Speaks(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(ANSWER)
            if self.connections == 1:
                await has_ended.wait()
                writer.write(unasked)
                if not unasked:
                    writer.close()

    server, upstream, has_ended = Speaks(), Upstream(), asyncio.Event()
    async with served(server) as url:
        assert await asked(upstream, url) == b"ok"
        idle = next(iter(upstream._pools[""].connections))
        has_ended.set()
        async with asyncio.timeout(5):
            while not idle.has_expired():
                await asyncio.sleep(0.001)
        assert await asked(upstream, url) == b"ok"
        assert server.connections == 2
        await upstream.aclose()


async def test_silence_and_an_end_are_errors() -> None:
    async with served(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as url:
        with pytest.raises(ERRORS):
            await asked(Upstream(), url)
    async with served(Server(None)) as url:
        with pytest.raises(httpcore2.RemoteProtocolError):
            await asked(Upstream(), url)
    async with served(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"")) as url:
        with pytest.raises(httpcore2.ReadTimeout):
            await asked(Upstream(), url, silent=0.05)
    with pytest.raises(NOT_REACHED):
        await asked(Upstream(), url)
    for address in ("http://[::1", "ftp://127.0.0.1/", "http://127.0.0.1:99999999/", "http://bücher.invalid/"):
        with pytest.raises(ERRORS):
            await asked(Upstream(), address)


async def test_the_environments_proxy_is_asked_but_for_its_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    proxy, direct = Server(ANSWER), Server(ANSWER)
    async with served(proxy) as at, served(direct) as url:
        monkeypatch.setenv("http_proxy", at.replace("http://", "http://me:p%40ss@").removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        upstream = Upstream()
        assert await asked(upstream, "http://provider.invalid/v1") == b"ok"
        assert await asked(upstream, url) == b"ok"
        assert proxy.asked[0].startswith(b"POST http://provider.invalid/v1 HTTP/1.1\r\n")
        assert b"Basic bWU6cEBzcw==" in proxy.asked[0]
        assert direct.asked[0].startswith(b"POST /v1 HTTP/1.1\r\n")
        await upstream.aclose()


async def test_a_key_of_any_letters_is_sent_and_one_of_two_lines_is_refused() -> None:
    server, upstream = Server(ANSWER, ANSWER), Upstream()
    async with served(server) as url:
        async with upstream.ask("POST", url, {"authorization": "Bearer ключ"}, b"", 5) as answer:
            assert answer.status == 200
        assert "Bearer ключ".encode() in server.asked[0]
        with pytest.raises(ERRORS):
            async with upstream.ask("POST", url, {"authorization": "a\r\nx-admin: 1"}, b"", 5):
                pass
        await upstream.aclose()


async def test_addresses_that_a_model_makes_up_are_not_kept() -> None:
    server, upstream = Server(*[ANSWER] * 50), Upstream()
    async with served(server) as url:
        before = _proxy.cache_info().currsize
        for number in range(50):
            await asked(upstream, f"{url}/tools/{number}")
        assert _proxy.cache_info().currsize <= before + 1
        await upstream.aclose()


async def test_a_proxy_of_another_kind_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ERRORS):
        await asked(Upstream(), "http://another.invalid/v1")


async def test_a_certificate_is_verified_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate(tmp_path, "localhost"))
    server = Server(*[ANSWER] * 3)
    async with served(server, tls) as url:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(NOT_REACHED):
            await asked(Upstream(), url.replace("127.0.0.1", "localhost"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
        upstream = Upstream()
        for _ in range(2):
            assert await asked(upstream, url.replace("127.0.0.1", "localhost")) == b"ok"
        assert server.connections == 1
        with pytest.raises(NOT_REACHED):
            await asked(upstream, url)
        await upstream.aclose()


def certificate(folder: Path, host: str) -> Path:
    """A key and a certificate that it signed itself, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    signed = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / f"{host}.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + signed.public_bytes(pem))
    return file
