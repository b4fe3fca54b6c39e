"""libdigidocpp, told to fetch nothing, and the trusted list that it asks for, which we sign."""

import base64
import shutil
from pathlib import Path

import pydigidoc
import pydigidoc.digidoc as library
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

PASSWORD = "test"


def trusted_list(world):
    """As TS 119 612 has it, as far as libdigidocpp reads it; without its signature."""
    def name(tag):
        return f'<{tag}><Name xml:lang="en">TEST</Name></{tag}>'

    def service(kind, who):
        certificate = base64.b64encode(world.der(who)).decode()
        return (f"<TSPService><ServiceInformation><ServiceTypeIdentifier>"
                f"http://uri.etsi.org/TrstSvc/Svctype/{kind}</ServiceTypeIdentifier>"
                f"{name('ServiceName')}<ServiceDigitalIdentity><DigitalId><X509Certificate>"
                f"{certificate}</X509Certificate></DigitalId></ServiceDigitalIdentity>"
                f"<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
                f"</ServiceStatus><StatusStartingTime>2020-01-01T00:00:00Z</StatusStartingTime>"
                f"</ServiceInformation></TSPService>")

    services = "".join(service(*it) for it in (
        ("CA/QC", "root"), ("Certstatus/OCSP", "responder"), ("TSA/QTST", "tsa")))
    return (f'<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" '
            f'TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation>'
            f"<TSLVersionIdentifier>5</TSLVersionIdentifier><TSLSequenceNumber>1"
            f"</TSLSequenceNumber><TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
            f"EUgeneric</TSLType>{name('SchemeOperatorName')}<SchemeTerritory>VN"
            f"</SchemeTerritory><ListIssueDateTime>2020-01-01T00:00:00Z</ListIssueDateTime>"
            f"<NextUpdate><dateTime>2090-01-01T00:00:00Z</dateTime></NextUpdate>"
            f"</SchemeInformation><TrustServiceProviderList><TrustServiceProvider><TSPServices>"
            f"{services}</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
            f"</TrustServiceStatusList>")


class Digidoc:
    def __init__(self, world, ours):
        self.world = world
        cache = world.path("digidoc")
        shutil.copytree(Path(pydigidoc.__file__).parent / "schema", cache)
        plain = world.path("list.xml")
        plain.write_text(trusted_list(world))
        ours.sign(world.path("scheme.key"), world.path("scheme.pem"), plain, cache / "vn.xml")
        conf = library.DigiDocConf(str(cache))
        # A port that nobody listens at: the list has to be taken as it is.
        conf.set_tslurl("http://127.0.0.1:9/vn.xml")
        conf.set_tslcert(world.der("scheme"))
        conf.set_tslonline_digest(False)
        conf.set_tsltime_out(1)
        conf.set_tsurl(world.url)
        conf.set_tscert(world.der("tsa"))
        library.Conf.init(conf.transfer())
        library.initialize("kyso interop")

    def validate(self, path, files, count=1):
        """Why it refuses the container of these files, by so many."""
        opened = library.Container.open(str(path))
        found = sorted(it.file_name() for it in opened.data_files())
        if found != sorted(files):
            return f"found the files {found}"
        signatures = list(opened.signatures())
        if len(signatures) != count:
            return f"found {len(signatures)} signatures"
        for one in signatures:
            one.validate()
        return None

    def sign(self, path, profile, files):
        """A new container of these files, or one that is there with a further signature."""
        key, certificate = self.world.identities["signer"]
        keys = self.world.path("signer.p12")
        keys.write_bytes(pkcs12.serialize_key_and_certificates(
            b"signer", key, certificate, [self.world.identities["root"][1]],
            BestAvailableEncryption(PASSWORD.encode())))
        if files:
            made = library.Container.create(str(path))
            for it in files:
                made.add_data_file(str(it), "text/plain")
        else:
            made = library.Container.open(str(path))
        signer = library.PKCS12Signer(str(keys), PASSWORD)
        signer.set_profile(profile)
        made.sign(signer)
        made.save()
        return path
