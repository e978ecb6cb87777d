// Makes the replica set and Media Chat's user where they are missing. Run by compose.yaml.
const password = process.env.MONGODB_ROOT_PASSWORD;
const names = ["mongo1", "mongo2", "mongo3"];

db.getSiblingDB("admin").auth("root", password);
try {
  rs.status();
} catch (missing) {
  rs.initiate({
    _id: "rs0",
    members: names.map((name, id) => ({ _id: id, host: `${name}:27017` })),
  });
}

// Whichever of them is the primary now: after a restart it need not be the first.
const root = `root:${encodeURIComponent(password)}`;
const set = new Mongo(`mongodb://${root}@${names.join(",")}/?replicaSet=rs0&authSource=admin`);
const admin = set.getDB("admin");
if (admin.getUser("mediachat") === null) {
  admin.createUser({
    user: "mediachat",
    pwd: process.env.MONGODB_PASSWORD,
    roles: [{ role: "readWrite", db: "mediachat" }],
  });
}
