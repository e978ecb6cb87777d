// Makes the replica set and Media Chat's user where they are missing. Run by compose.yaml.
const root = process.env.MONGODB_ROOT_PASSWORD;
const admin = db.getSiblingDB("admin");
admin.auth("root", root);
try {
  rs.status();
} catch (missing) {
  rs.initiate({
    _id: "rs0",
    members: ["mongo1", "mongo2", "mongo3"].map((name, id) => ({ _id: id, host: `${name}:27017` })),
  });
}
while (!admin.hello().isWritablePrimary) sleep(500);
if (admin.getUser("mediachat") === null) {
  admin.createUser({
    user: "mediachat",
    pwd: process.env.MONGODB_PASSWORD,
    roles: [{ role: "readWrite", db: "mediachat" }],
  });
}
