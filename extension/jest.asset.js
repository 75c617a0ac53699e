/** Stands for style sheets and pictures, which jsdom doesn't draw. */
module.exports = '<svg></svg>';
