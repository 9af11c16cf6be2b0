// The fleet of the stack file. Whatever else this stack should make can be made here as well.
module.exports = require("creel/fleet");
