import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import org.apache.directory.api.dsmlv2.engine.Dsmlv2Engine;

/** A batch of DSMLv2, held against the schema and then done by Apache Directory's engine: Dsml SCHEMA LDAP-URL USER PASSWORD FILE.
 *  Its batchResponse is printed. */
class Dsml {
	public static void main(String[] words) {
		try {
			System.out.println(done(new File(words[0]), new URI(words[1]), words[2], words[3], Path.of(words[4])));
			System.exit(0); // the threads of its connection would go on
		} catch (Throwable e) {
			e.printStackTrace();
			System.exit(1);
		}
	}

	static String done(File schema, URI server, String user, String password, Path plan) throws Exception {
		SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI).newSchema(schema).newValidator()
			.validate(new StreamSource(plan.toFile()));
		return new Dsmlv2Engine(server.getHost(), server.getPort(), user, password).processDSML(Files.readString(plan));
	}
}
